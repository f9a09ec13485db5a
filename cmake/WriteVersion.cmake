# SPDX-License-Identifier: MIT
#
# Writes OUT (version.h) from VERSION and the commit of SOURCE; leaves the file alone when nothing changed.

set(commit "") # not a git tree
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
if(NOT failed)
    set(commit ${described})
endif()
set(text "#define UNDIS_VERSION \"${VERSION}\"\n#define UNDIS_COMMIT \"${commit}\"\n")
set(old "")
if(EXISTS ${OUT})
    file(READ ${OUT} old)
endif()
if(NOT old STREQUAL text)
    file(WRITE ${OUT} "${text}")
endif()
