# SPDX-License-Identifier: MIT
#
# A thin front for CMake and Ninja. `make run` and `make test` do everything on a bare Debian 12 machine.
#
#   make run | test [T=pattern] | build | lint | format | bench | coverage | pre-push
#   make asan | release                 a build tree of its own, with the tests run in it
#   make tsan                           the same for live machines, the only ones with several threads
#   make fuzz [F=inf] [SECONDS=60]      libFuzzer over tests/fuzz/<F>_fuzz.c
#   make install [PREFIX=/usr/local] [DESTDIR=]
#   COMPILER=clang  B=build-clang       another compiler, another build tree

B ?= build
COMPILER ?= gcc
JOBS ?= $(shell nproc)
T ?=
F ?= inf
SECONDS ?= 60
CLANG := $(firstword $(shell command -v clang-19 clang 2>/dev/null) clang)

CONFIGURE = cmake -S . -G Ninja

PREFIX ?= /usr/local

.PHONY: install all run test build bootstrap lint format asan tsan release fuzz bench coverage pre-push clean
all: build

bootstrap:
	@tools/bootstrap

$(B)/build.ninja: | bootstrap
	@$(CONFIGURE) -B $(B) -DCMAKE_C_COMPILER=$(COMPILER) >/dev/null

build: bootstrap $(B)/build.ninja
	@ninja -C $(B) -j $(JOBS) --quiet

install: build
	@DESTDIR='$(DESTDIR)' cmake --install $(B) --prefix '$(PREFIX)'

run: build
	@$(B)/undis zoo

test: build
	@tools/run-tests $(B) '$(T)'

lint: build
	@tools/lint $(B)

format:
	@git ls-files -z 'src/*.[ch]' 'tests/*.[ch]' 'tools/*.[ch]' 'bench/*.[ch]' | xargs -0 clang-format -i

asan: bootstrap
	@$(CONFIGURE) -B build-asan -DCMAKE_C_COMPILER=$(COMPILER) -DUNDIS_SANITIZE=address,undefined >/dev/null
	@ninja -C build-asan -j $(JOBS) --quiet
	@tools/run-tests build-asan '$(T)'

tsan: bootstrap
	@$(CONFIGURE) -B build-tsan -DCMAKE_C_COMPILER=$(COMPILER) -DUNDIS_SANITIZE=thread >/dev/null
	@ninja -C build-tsan -j $(JOBS) --quiet
	@tests/tsan/test_tsan.sh build-tsan

release: bootstrap
	@for cc in gcc clang; do \
	    $(CONFIGURE) -B build-release-$$cc -DCMAKE_C_COMPILER=$$cc -DCMAKE_BUILD_TYPE=Release >/dev/null && \
	    ninja -C build-release-$$cc -j $(JOBS) --quiet && \
	    tools/run-tests build-release-$$cc '$(T)' || exit 1; \
	done

fuzz: bootstrap
	@$(CONFIGURE) -B build-fuzz -DCMAKE_C_COMPILER=$(CLANG) -DUNDIS_FUZZ=ON -DUNDIS_SANITIZE=address,undefined >/dev/null
	@ninja -C build-fuzz -j $(JOBS) --quiet $(F)_fuzz
	@mkdir -p build-fuzz/corpus/$(F)
	@build-fuzz/fuzz/$(F)_fuzz -max_total_time=$(SECONDS) build-fuzz/corpus/$(F) tests/fuzz/$(F)_corpus

bench: build
	@bench/run $(B)

coverage: bootstrap
	@tools/coverage $(CLANG) $(JOBS)

pre-push:
	@.ci/run

clean:
	@rm -rf build build-*
