/* SPDX-License-Identifier: MIT */
/*
 * cli/wpp.h - trace message headers (.tmh), which tracewpp makes under the WDK.
 */
#ifndef UNDIS_CLI_WPP_H
#define UNDIS_CLI_WPP_H

/*
 * functions are trace functions beside those that the sources declare themselves. If a source, or a header it reaches
 * in its own folder or through includes, includes a .tmh, make folder and write in it every such header.
 * The lists are NULL terminated, or NULL; includes are folders.
 * The number of headers written, or -errno with the sentence said.
 */
int wpp_generate(char *const *sources, char *const *includes, char *const *functions, const char *folder);

/* Take away what wpp_generate made; a folder that is not there is none of its. */
void wpp_remove(const char *folder);

#endif /* UNDIS_CLI_WPP_H */
