# SPDX-License-Identifier: MIT
#
# Drivers: import libraries from the exports.def lists, and PE images by undis-cc, the small executable that is
# `undis cc` alone (src/cli/cc.c), so that drivers can be built before the rest of the runtime is.

find_program(MINGW_DLLTOOL x86_64-w64-mingw32-dlltool)
find_program(LLVM_DLLTOOL NAMES llvm-dlltool-19 llvm-dlltool)
find_program(MINGW_GCC x86_64-w64-mingw32-gcc)
find_program(DRIVER_CLANG NAMES clang-19 clang)
find_program(DRIVER_LLD NAMES lld-link-19 lld-link)

set(UNDIS_LIB ${CMAKE_BINARY_DIR}/lib)
file(MAKE_DIRECTORY ${UNDIS_LIB})
# undis cc looks for ddk/ and lib/ beside itself.
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/ddk ${CMAKE_BINARY_DIR}/ddk SYMBOLIC)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR}/include SYMBOLIC)

add_executable(undis-cc ${CMAKE_SOURCE_DIR}/tools/undis-cc.c ${CMAKE_SOURCE_DIR}/src/cli/cc.c
               ${CMAKE_SOURCE_DIR}/src/cli/cc_tools.c ${CMAKE_SOURCE_DIR}/src/cli/redeclare.c
               ${CMAKE_SOURCE_DIR}/src/cli/wpp.c)
target_link_libraries(undis-cc PRIVATE undis_flags)

# One import library per pseudo image and linker family: lib<module>.a for GNU ld, <module>.lib for lld-link.
file(GLOB_RECURSE export_lists CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/exports*.def)
list(APPEND export_lists ${CMAKE_SOURCE_DIR}/src/lacking.def
                         ${CMAKE_SOURCE_DIR}/src/image/hook.def    # undis cc --race
                         ${CMAKE_SOURCE_DIR}/src/image/cover.def   # undis cc --coverage
                         ${CMAKE_SOURCE_DIR}/src/nt/ex/kasan.def)  # undis cc --sanitize=address
set(import_libraries "")
foreach(module IN ITEMS ntoskrnl.exe ndis.sys hal.dll netio.sys undisrt.sys kernel32.dll)
    cmake_path(GET module STEM stem)
    set(def ${UNDIS_LIB}/${stem}.def)
    set(outputs ${def})
    set(commands COMMAND ${CMAKE_SOURCE_DIR}/tools/gen-importdef ${module} ${CMAKE_C_COMPILER} ${def} ${export_lists})
    if(MINGW_DLLTOOL)
        list(APPEND outputs ${UNDIS_LIB}/lib${stem}.a)
        list(APPEND commands COMMAND ${MINGW_DLLTOOL} --deterministic-libraries -m i386:x86-64
            -t ${stem} -d ${def} -l ${UNDIS_LIB}/lib${stem}.a)
    endif()
    if(LLVM_DLLTOOL)
        list(APPEND outputs ${UNDIS_LIB}/${stem}.lib)
        list(APPEND commands COMMAND ${LLVM_DLLTOOL} -m i386:x86-64 -d ${def} -l ${UNDIS_LIB}/${stem}.lib)
    endif()
    add_custom_command(OUTPUT ${outputs} ${commands}
        DEPENDS ${export_lists} ${CMAKE_SOURCE_DIR}/tools/gen-importdef
        WORKING_DIRECTORY ${UNDIS_LIB} VERBATIM COMMENT "Import library ${stem}")
    list(APPEND import_libraries ${outputs})
endforeach()
add_custom_target(undis_import_libraries ALL DEPENDS ${import_libraries})
add_custom_target(undis_drivers ALL)

# A driver is built when the DDK, an import library or undis cc changes, too.

file(GLOB_RECURSE UNDIS_DDK CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/ddk/*.h)

# undis_add_driver(NAME OUTDIR <dir> SOURCES <.c>... [FLAGS <undis cc options>...] [FILES <.inf>...])
# makes OUTDIR/NAME.sys and copies FILES beside it; the target is driver_<path of OUTDIR>.
function(undis_add_driver name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTDIR" "SOURCES;FLAGS;FILES")
    cmake_path(RELATIVE_PATH arg_OUTDIR BASE_DIRECTORY ${CMAKE_BINARY_DIR} OUTPUT_VARIABLE label)
    string(REGEX REPLACE "[^A-Za-z0-9_-]" "_" target driver_${label})
    set(image ${arg_OUTDIR}/${name}.sys)
    set(copies "")
    set(copy_commands "")
    foreach(file IN LISTS arg_FILES)
        cmake_path(GET file FILENAME leaf)
        list(APPEND copies ${arg_OUTDIR}/${leaf})
        list(APPEND copy_commands COMMAND ${CMAKE_COMMAND} -E copy ${file} ${arg_OUTDIR}/${leaf})
    endforeach()
    set(headers "")
    foreach(source IN LISTS arg_SOURCES)
        cmake_path(GET source PARENT_PATH folder)
        file(GLOB more CONFIGURE_DEPENDS ${folder}/*.h)
        list(APPEND headers ${more})
    endforeach()
    list(REMOVE_DUPLICATES headers)
    add_custom_command(OUTPUT ${image} ${copies}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${arg_OUTDIR}
        COMMAND undis-cc -Wall -Wextra -Werror ${arg_FLAGS} ${arg_SOURCES} -o ${image}
        ${copy_commands}
        DEPENDS ${arg_SOURCES} ${arg_FILES} ${headers} ${UNDIS_DDK} ${import_libraries} undis-cc
        VERBATIM COMMENT "Driver ${label}/${name}.sys")
    add_custom_target(${target} DEPENDS ${image})
    add_dependencies(undis_drivers ${target})
endfunction()

# Every folder under drivers/, zoo/ and tests/ddi/ that has an .inf and sources is a driver; the image has the .inf's
# name. An .inf that another beside it names with CopyINF is copied, too: an intermediate driver's virtual adapters.
# A driver under tests/drivers/ needs no .inf, and may have one; its image has the folder's name, with _ for -.
#   sources    more sources, a path relative to the folder on each line (zoo/common)
#   cc.flags   the compiler (gcc or clang) and its flags, pinned: minimal k is a property of the binary
if(MINGW_GCC)
    file(GLOB_RECURSE infs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/drivers/*.inf ${CMAKE_SOURCE_DIR}/zoo/*.inf
        ${CMAKE_SOURCE_DIR}/tests/ddi/*.inf)
    file(GLOB without_inf CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/drivers/*/cc.flags)
    file(GLOB_RECURSE driver_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/drivers/*.c ${CMAKE_SOURCE_DIR}/zoo/*.c
        ${CMAKE_SOURCE_DIR}/zoo/cc.flags ${CMAKE_SOURCE_DIR}/zoo/sources ${CMAKE_SOURCE_DIR}/tests/drivers/*.c
        ${CMAKE_SOURCE_DIR}/tests/ddi/*.c)
    set(second "")
    foreach(inf IN LISTS infs)
        cmake_path(GET inf PARENT_PATH folder)
        file(STRINGS ${inf} copied REGEX "^[ ]*CopyINF[ ]*=")
        list(TRANSFORM copied REPLACE "^[^=]*= *([^ ;]+).*$" "${folder}/\\1")
        list(APPEND second ${copied})
    endforeach()
    if(second)
        list(REMOVE_ITEM infs ${second})
    endif()
    foreach(inf IN LISTS infs without_inf)
        cmake_path(GET inf PARENT_PATH folder)
        if(inf MATCHES "/cc[.]flags$")
            cmake_path(GET folder FILENAME name)
            string(REPLACE - _ name ${name})
            set(inf ${folder}/${name}.inf)
            if(NOT EXISTS ${inf})
                set(inf "")
            endif()
        else()
            cmake_path(GET inf STEM name)
        endif()
        file(GLOB sources ${folder}/*.c)
        if(EXISTS ${folder}/sources)
            set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/sources)
            file(STRINGS ${folder}/sources more)
            foreach(source IN LISTS more)
                cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder} NORMALIZE)
                list(APPEND sources ${source})
            endforeach()
        endif()
        set(flags "")
        if(EXISTS ${folder}/cc.flags)
            set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/cc.flags)
            file(READ ${folder}/cc.flags flags)
            string(REGEX REPLACE "#[^\n]*" "" flags "${flags}")
            string(REGEX REPLACE "^[ \n]*(gcc|clang)" "--cc \\1" flags "${flags}")
            separate_arguments(flags UNIX_COMMAND "${flags}")
        endif()
        set(files ${inf})
        foreach(other IN LISTS second)
            cmake_path(GET other PARENT_PATH place)
            if(place STREQUAL folder)
                list(APPEND files ${other})
            endif()
        endforeach()
        if(EXISTS ${folder}/README.md)
            file(GLOB scenarios CONFIGURE_DEPENDS ${folder}/*.yaml)
            list(APPEND files ${folder}/README.md ${scenarios}) # undis zoo reads there what to expect
        endif()
        cmake_path(RELATIVE_PATH folder BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE label)
        if("clang" IN_LIST flags AND NOT (DRIVER_CLANG AND DRIVER_LLD))
            message(STATUS "${label} wants clang and lld, which are not installed: not built")
        elseif(sources)
            undis_add_driver(${name} OUTDIR ${CMAKE_BINARY_DIR}/${label}
                SOURCES ${sources} FLAGS ${flags} FILES ${files})
        endif()
    endforeach()
else()
    message(WARNING "x86_64-w64-mingw32-gcc is missing: drivers/ and zoo/ are not built (tools/bootstrap installs it)")
endif()
