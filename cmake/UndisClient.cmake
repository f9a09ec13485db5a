# SPDX-License-Identifier: MIT
#
# libundis: the devices of a running machine, for Linux programs. Static and shared, with a pkg-config file; it stands
# alone, so what it takes from the runtime is compiled again, for any address.

file(GLOB libundis_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/libundis/*.c)
list(APPEND libundis_sources ${CMAKE_SOURCE_DIR}/src/base/doserror.c ${CMAKE_SOURCE_DIR}/src/control/statedir.c
    ${CMAKE_SOURCE_DIR}/src/host/rundir.c)
add_library(libundis_objects OBJECT ${libundis_sources})
target_compile_definitions(libundis_objects PRIVATE _GNU_SOURCE)
target_include_directories(libundis_objects PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(libundis_objects PRIVATE -Wall -Wextra -fPIC -fno-omit-frame-pointer)
if(UNDIS_WERROR)
    target_compile_options(libundis_objects PRIVATE -Werror)
endif()

add_library(libundis SHARED $<TARGET_OBJECTS:libundis_objects>)
add_library(libundis_static STATIC $<TARGET_OBJECTS:libundis_objects>)
set_target_properties(libundis libundis_static PROPERTIES OUTPUT_NAME undis
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set_target_properties(libundis PROPERTIES SOVERSION 0)
target_link_options(libundis PRIVATE
    -Wl,--version-script=${CMAKE_SOURCE_DIR}/src/libundis/exports.map -Wl,-z,now -Wl,-z,defs)
set_target_properties(libundis PROPERTIES LINK_DEPENDS ${CMAKE_SOURCE_DIR}/src/libundis/exports.map)
foreach(target IN ITEMS libundis libundis_static)
    target_link_libraries(${target} PUBLIC pthread)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR}/include)
endforeach()

# undis capture is such a program.
if(TARGET undis)
    target_link_libraries(undis PRIVATE libundis_static)
    target_include_directories(undis PRIVATE ${CMAKE_SOURCE_DIR}/drivers/npf) # npfioctl.h
    if(PCAP_FOUND)
        target_compile_definitions(undis PRIVATE UNDIS_PCAP)
    endif()
endif()

include(GNUInstallDirs)
file(RELATIVE_PATH UNDIS_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /) # from there to the prefix, wherever that is
configure_file(${CMAKE_SOURCE_DIR}/src/libundis/undis.pc.in ${CMAKE_BINARY_DIR}/lib/pkgconfig/undis.pc @ONLY)
install(TARGETS libundis libundis_static)
install(FILES ${CMAKE_SOURCE_DIR}/include/undis/undis.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/undis)
install(FILES ${CMAKE_BINARY_DIR}/lib/pkgconfig/undis.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Programs linked with it: tests/programs/NAME.c becomes build/tests/programs/NAME, and drivers/DRIVER/program/NAME.c
# build/drivers/DRIVER/NAME.
file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/programs/*.c ${CMAKE_SOURCE_DIR}/drivers/*/program/*.c)
foreach(source IN LISTS programs)
    cmake_path(GET source STEM name)
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
    string(REGEX REPLACE "^(drivers/.*)/program$" "\\1" folder ${folder})
    add_executable(program_${name} ${source})
    set_target_properties(program_${name} PROPERTIES OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${folder})
    target_compile_options(program_${name} PRIVATE -Wall -Wextra)
    target_include_directories(program_${name} PRIVATE
        ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/drivers/npf ${CMAKE_SOURCE_DIR}/drivers/ndisprot)
    target_link_libraries(program_${name} PRIVATE libundis_static)
endforeach()

# undis-tunnel is such a program, too: src/tunnel/.
pkg_check_modules(SSL IMPORTED_TARGET libssl)
if(SSL_FOUND)
    file(GLOB tunnel_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/tunnel/*.c)
    add_executable(undis-tunnel ${tunnel_sources})
    target_compile_definitions(undis-tunnel PRIVATE _GNU_SOURCE)
    target_include_directories(undis-tunnel PRIVATE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(undis-tunnel PRIVATE undis_flags libundis_static PkgConfig::SSL PkgConfig::CRYPTO)
    install(TARGETS undis-tunnel)
else()
    message(STATUS "libssl is missing: undis-tunnel is not built")
endif()
