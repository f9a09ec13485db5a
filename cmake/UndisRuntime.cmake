# SPDX-License-Identifier: MIT
#
# The runtime: flags, libraries of src/, the executable.

find_package(PkgConfig REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(PCAP IMPORTED_TARGET libpcap) # optional: without it undis capture takes no expression
find_library(ZYDIS_LIBRARY Zydis REQUIRED)
find_library(ZYCORE_LIBRARY Zycore REQUIRED)

# The order of DESIGN.md section 3: a folder may use those before it.
set(UNDIS_FOLDERS base host trace machine image nt user ndis pnp wire builtin verify crash explore kd control)

# What everything under src/ is compiled with.
#   no stack protector, no CET   code runs on stacks and across frames that neither knows about
#   no strict aliasing           runtime and driver see the same bytes through different types
#   no PIE                       addresses of the runtime are the same in every run (RUNTIME.md section 1)
add_library(undis_flags INTERFACE)
target_compile_definitions(undis_flags INTERFACE _GNU_SOURCE)
target_include_directories(undis_flags INTERFACE
    ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR}/generated)
target_compile_options(undis_flags INTERFACE
    -Wall -Wextra -Wno-multichar
    -fno-stack-protector -fcf-protection=none -fno-omit-frame-pointer -fno-strict-aliasing -fno-pie)
target_link_options(undis_flags INTERFACE -no-pie -Wl,-z,now)
if(UNDIS_WERROR)
    target_compile_options(undis_flags INTERFACE -Werror)
endif()
# A driver hands us misaligned and null pointers, packed structures and freed memory, on purpose or not: that faults,
# here as on Windows, and is the driver's (machine/trap.c), so it is nothing for UBSan to stop at. And drivers'
# functions are called by address with words for arguments, as a processor does, whatever their type
# (machine/native.c).
if(UNDIS_SANITIZE)
    target_compile_definitions(undis_flags INTERFACE UNDIS_SANITIZE)
    target_compile_options(undis_flags INTERFACE
        -fsanitize=${UNDIS_SANITIZE} -fno-sanitize-recover=all
        -fno-sanitize=alignment,null,nonnull-attribute,pointer-overflow
        $<$<C_COMPILER_ID:Clang>:-fno-sanitize=function>)
    # -u: src/host/sanitize.c lies in an archive, and the sanitizer has a weak function of its own
    target_link_options(undis_flags INTERFACE
        -fsanitize=${UNDIS_SANITIZE} -Wl,-u,__asan_default_options -Wl,-u,__ubsan_default_options
        -Wl,-u,__tsan_default_options)
endif()
# Counters in a mapped file (%c in LLVM_PROFILE_FILE): a worker in its sandbox cannot write a profile when it ends.
if(UNDIS_COVERAGE)
    target_compile_options(undis_flags INTERFACE
        -fprofile-instr-generate -fcoverage-mapping "SHELL:-mllvm -runtime-counter-relocation")
    target_link_options(undis_flags INTERFACE -fprofile-instr-generate)
endif()
if(UNDIS_FUZZ)
    target_compile_options(undis_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# undis/version.h: version and commit, found at build time so that a commit needs no configure run.
add_custom_target(undis_version ALL
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${CMAKE_BINARY_DIR}/generated/undis/version.h
            -DVERSION=${PROJECT_VERSION} -P ${CMAKE_SOURCE_DIR}/cmake/WriteVersion.cmake
    BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/undis/version.h
    COMMENT "")

set(UNDIS_LIBRARIES "")
foreach(folder IN LISTS UNDIS_FOLDERS)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/src/${folder}/*.c ${CMAKE_SOURCE_DIR}/src/${folder}/*.S)
    if(sources)
        add_library(undis_${folder} STATIC ${sources})
        target_link_libraries(undis_${folder} PUBLIC undis_flags)
        add_dependencies(undis_${folder} undis_version)
        list(APPEND UNDIS_LIBRARIES undis_${folder})
    endif()
endforeach()

add_library(undis_system INTERFACE)
target_link_libraries(undis_system INTERFACE
    ${ZYDIS_LIBRARY} ${ZYCORE_LIBRARY} PkgConfig::YAML PkgConfig::JANSSON PkgConfig::SECCOMP PkgConfig::CRYPTO
    pthread dl m)
if(PCAP_FOUND)
    target_link_libraries(undis_system INTERFACE PkgConfig::PCAP)
else()
    message(STATUS "libpcap is missing: undis capture takes no expression")
endif()

# undis_link(TARGET FOLDER...) - link those folders' libraries, in whatever order symbols need.
function(undis_link target)
    set(libraries "")
    foreach(folder IN LISTS ARGN)
        if(TARGET undis_${folder})
            list(APPEND libraries undis_${folder})
        endif()
    endforeach()
    target_link_libraries(${target} PRIVATE undis_flags)
    if(libraries)
        list(JOIN libraries "," group)
        target_link_libraries(${target} PRIVATE "$<LINK_GROUP:RESCAN,${group}>")
    endif()
    target_link_libraries(${target} PRIVATE undis_system)
endfunction()

file(GLOB cli_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/cli/*.c)
if(EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.c)
    add_executable(undis ${cli_sources})
    add_dependencies(undis undis_version)
    undis_link(undis ${UNDIS_FOLDERS})
endif()
