#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# rename.pl DDK FOLDER OUT NAME - copy a driver with everything in it renamed that is the driver's own.
#
# Model: a word of the sources that the DDK's headers do not have is the driver's own: a function, a type, a field, a
# variable. Each gets another name, the same in every run. So do the files, the service, names in string literals that
# are one word (a device's prefix), pool tags and GUIDs. OUT/map lists old and new names; OUT/cc.flags the macros of its
# cc.flags, one -D per line.
use strict;
use warnings;

my ($ddk, $folder, $out, $name) = @ARGV;
my (%known, %map, %file);

sub slurp {
    my ($path) = @_;
    open(my $f, '<', $path) or die "$path: $!\n";
    local $/;
    return scalar <$f>;
}

sub spill {
    my ($path, $text) = @_;
    open(my $f, '>', $path) or die "$path: $!\n";
    print $f $text;
    close($f) or die "$path: $!\n";
}

sub headers {
    my ($dir) = @_;
    opendir(my $d, $dir) or die "$dir: $!\n";
    for my $entry (sort readdir($d)) {
        next if $entry =~ /^\./;
        if (-d "$dir/$entry") { headers("$dir/$entry"); }
        elsif ($entry =~ /\.h$/) { $known{$_} = 1 for slurp("$dir/$entry") =~ /\b[A-Za-z_]\w*/g; }
    }
}

headers($ddk);
$known{$_} = 1 for qw(auto break case char const continue default do double else enum extern float for goto if inline
    int long register return short signed sizeof static struct switch typedef union unsigned void volatile while
    define endif ifdef ifndef include elif undef defined error pragma once main DriverEntry GsDriverEntry memcpy memset);

# The sources: those of the folder, those it names, and the headers beside them.
my @sources = sort glob("$folder/*.c $folder/*.h");
my %beside;
if (-e "$folder/sources") {
    for my $line (split /\n/, slurp("$folder/sources")) {
        next unless $line =~ /\S/;
        push @sources, "$folder/$line";
        (my $dir = "$folder/$line") =~ s,/[^/]*$,,;
        $beside{$dir} = 1;
    }
}
push @sources, sort glob("$_/*.h") for sort keys %beside;

# Sources that another one includes are not compiled by themselves.
my %part;
for my $path (grep { /\.c$/ } @sources) {
    (my $dir = $path) =~ s,/[^/]*$,,;
    $part{"$dir/$_"} = 1 for slurp($path) =~ /^#include\s+"(.*\.c)"/gm;
}
push @sources, sort keys %part;

# A C text in pieces: comments (dropped), literals, the rest.
sub pieces {
    my ($text) = @_;
    $text =~ s,/\*.*?\*/|//[^\n]*, ,gs;
    return split /(L?"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/, $text;
}

my $count = 0;
sub fresh {
    my ($old) = @_;
    return $map{$old} //= sprintf('%s%c%c%03d', $old =~ /^[A-Z]/ ? 'Q' : 'q', 97 + ($count * 7) % 26,
                                  97 + ($count * 11) % 26, $count++);
}

sub literal {
    my ($piece) = @_;
    if ($piece =~ /^'(....)'$/) { return "'" . join('', map { chr(65 + (ord($_) * 5) % 26) } split //, $1) . "'"; }
    if ($piece =~ /^(L?)"([A-Za-z]\w*)"$/) { return "$1\"" . fresh($2) . '"'; }
    if ($piece =~ /^(L?)"[\w ]*zoo: /) { return "$1\"renamed driver\""; }
    if ($piece =~ /^(L?)"\{[0-9a-fA-F-]{36}\}"$/) { $piece =~ tr/0-9a-f/5-90-4d-fa-c/; }
    return $piece;
}

mkdir $out;
(my $old_inf = (glob("$folder/*.inf"))[0]) =~ s,.*/,,;
(my $service = $old_inf) =~ s/\.inf$//;
$map{$service} = $name;
my $index = 0;
for my $path (@sources) {
    (my $leaf = $path) =~ s,.*/,,;
    my ($extension) = $part{$path} ? 'h' : $leaf =~ /\.(.)$/;
    $file{$leaf} = sprintf('%s_%02d.%s', $name, $index++, $extension);
}
for my $path (@sources) {
    (my $leaf = $path) =~ s,.*/,,;
    my $text = '';
    my $include = 0;
    for my $piece (pieces(slurp($path))) {
        if ($piece =~ /^(L?["'])/) {
            if ($include) { $piece =~ s,"(?:.*/)?([^/"]+)",'"' . ($file{$1} // die "$path includes $1\n") . '"',e; }
            else { $piece = literal($piece); }
        } else {
            $include = $piece =~ /#include\s*$/;
            $piece =~ s/\b([A-Za-z_]\w*)/$known{$1} || $1 =~ m,^_(?:Use_decl|In|Out|IRQL), ? $1 : fresh($1)/ge;
        }
        $text .= $piece;
    }
    spill("$out/$file{$leaf}", $text);
}

my $flags = -e "$folder/cc.flags" ? slurp("$folder/cc.flags") : '';
my @macros;
while ($flags =~ /(?:^|\s)(?:'(-D[^']*)'|(-D\S+))/g) {
    (my $macro = $1 // $2) =~ s/^-D//;
    $macro =~ s/\b([A-Za-z_]\w*)/$known{$1} ? $1 : fresh($1)/ge;
    push @macros, "-D$macro\n";
}
spill("$out/cc.flags", join('', @macros));

my $inf = slurp("$folder/$old_inf");
$inf =~ s/;.*//g;
$inf =~ s/\b\Q$service\E\b/$name/g;
$inf =~ s/undis zoo: [\w-]*/renamed driver/g;
$inf =~ s/^(NetCfgInstanceId\s*=\s*")([^"]*)/my ($a, $b) = ($1, $2); $b =~ tr,0-9a-f,5-90-4d-fa-c,; "$a$b"/gme;
spill("$out/$name.inf", $inf);
spill("$out/map", join('', map { "$_ $map{$_}\n" } sort keys %map));
