# SPDX-License-Identifier: MIT
#
# What `make install` puts where: bin/undis, the DDK and the import libraries under share/undis, where undis cc looks
# for them, and the package file with undis_add_driver(). One more package file makes the build tree usable without
# installing (-Dundis_DIR=<build>).

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS undis)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/ddk DESTINATION ${CMAKE_INSTALL_DATADIR}/undis)
set(installed_libraries ${import_libraries})
list(FILTER installed_libraries EXCLUDE REGEX "[.]def$")
install(FILES ${installed_libraries} DESTINATION ${CMAKE_INSTALL_DATADIR}/undis/lib)
install(FILES ${CMAKE_SOURCE_DIR}/include/undis/start.c DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/undis)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/undis)
set(UNDIS_PROGRAM ${CMAKE_INSTALL_BINDIR}/undis)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/undis-config.cmake.in
    ${CMAKE_BINARY_DIR}/generated/undis-config.cmake INSTALL_DESTINATION ${package} PATH_VARS UNDIS_PROGRAM
    NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/undis-config-version.cmake
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_BINARY_DIR}/generated/undis-config.cmake
    ${CMAKE_BINARY_DIR}/generated/undis-config-version.cmake DESTINATION ${package})

set(UNDIS_PROGRAM ${CMAKE_BINARY_DIR}/undis)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/undis-config.cmake.in ${CMAKE_BINARY_DIR}/undis-config.cmake
    INSTALL_DESTINATION ${CMAKE_BINARY_DIR} INSTALL_PREFIX ${CMAKE_BINARY_DIR} PATH_VARS UNDIS_PROGRAM
    NO_CHECK_REQUIRED_COMPONENTS_MACRO)
configure_file(${CMAKE_BINARY_DIR}/generated/undis-config-version.cmake ${CMAKE_BINARY_DIR}/undis-config-version.cmake
    COPYONLY)
