# SPDX-License-Identifier: MIT
#
# Unit tests: tests/unit/<area>/test_<name>.c becomes test_<area>_<name>, linked with cmocka and the libraries of
# src/ up to <area> (an area that is no folder of src/ gets all of them). A file tests/unit/<area>/link.txt names
# the folders instead, one a line; other .c files there are linked with each of its tests.
# Fuzz targets: tests/fuzz/<name>_fuzz.c, corpus in tests/fuzz/<name>_corpus/, folders in tests/fuzz/<name>_link.txt.

pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

file(GLOB_RECURSE unit_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/test_*.c)
foreach(source IN LISTS unit_tests)
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME area)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "^test_" "" name ${name})
    set(target test_${area}_${name})

    set(folders ${UNDIS_FOLDERS})
    if(EXISTS ${folder}/link.txt)
        file(STRINGS ${folder}/link.txt folders)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/link.txt)
    else()
        list(FIND UNDIS_FOLDERS ${area} at)
        if(NOT at EQUAL -1)
            math(EXPR count "${at} + 1")
            list(SUBLIST UNDIS_FOLDERS 0 ${count} folders)
        endif()
    endif()

    file(GLOB support CONFIGURE_DEPENDS ${folder}/*.c)
    list(FILTER support EXCLUDE REGEX "/test_[^/]*$")
    add_executable(${target} ${source} ${support})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/tests/unit)
    target_compile_definitions(${target} PRIVATE
        UNDIS_SOURCE_DIR="${CMAKE_SOURCE_DIR}" UNDIS_BUILD_DIR="${CMAKE_BINARY_DIR}")
    undis_link(${target} ${folders})
    target_link_libraries(${target} PRIVATE PkgConfig::CMOCKA)
    add_test(NAME ${target} COMMAND ${target})
    set_tests_properties(${target} PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77 LABELS "unit;${area}"
        WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
endforeach()

# With UNDIS_FUZZ a target is a libFuzzer program; otherwise it runs its corpus once, as a test.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.c)
foreach(source IN LISTS fuzz_sources)
    cmake_path(GET source STEM target)
    string(REGEX REPLACE "_fuzz$" "" name ${target})
    set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}_corpus)
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    set(folders ${UNDIS_FOLDERS})
    if(EXISTS ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}_link.txt)
        file(STRINGS ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}_link.txt folders)
    endif()
    undis_link(${target} ${folders})
    if(UNDIS_FUZZ)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tools/fuzz-main.c)
        add_test(NAME fuzz_${name}_corpus COMMAND ${target} ${corpus})
        set_tests_properties(fuzz_${name}_corpus PROPERTIES TIMEOUT 120 LABELS fuzz)
    endif()
endforeach()

# Drivers that are not ours, from a folder that the environment names; skipped without one.
add_test(NAME real_drivers COMMAND ${CMAKE_SOURCE_DIR}/tests/real/test_real.sh)
add_test(NAME real_traffic COMMAND ${CMAKE_SOURCE_DIR}/tests/real/test_traffic.sh)
set_tests_properties(real_drivers real_traffic PROPERTIES TIMEOUT 3600 SKIP_RETURN_CODE 77 LABELS real
                     ENVIRONMENT "UNDIS=$<TARGET_FILE:undis>;UNDIS_BUILD_DIR=${CMAKE_BINARY_DIR}")

# The tools that can be wrong without anybody noticing.
add_test(NAME tool_cc COMMAND ${CMAKE_SOURCE_DIR}/tools/test-cc $<TARGET_FILE:undis-cc>)
add_test(NAME tool_tidy COMMAND ${CMAKE_SOURCE_DIR}/tools/test-tidy)
add_test(NAME tidy COMMAND ${CMAKE_SOURCE_DIR}/tools/tidy)
add_test(NAME rules_page COMMAND ${CMAKE_SOURCE_DIR}/tools/gen-rules --check)
set_tests_properties(tool_cc tool_tidy tidy rules_page PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77 LABELS tools)

foreach(folder IN ITEMS tests/ddi tests/scenario tests/tsan tests/verify bench)
    if(EXISTS ${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt)
        add_subdirectory(${CMAKE_SOURCE_DIR}/${folder})
    endif()
endforeach()
