/* links: ctl/visible.c ctl/source.c daemon/core/alloc.c ; libs: */
/*
 * visible_test: nothing that a terminal obeys comes out, however a log is cut
 * in pieces, and all else does.
 */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/visible.h"

/* The log in pieces of so many bytes; the caller frees. */
static char *
shown(const char *log, size_t size, size_t piece)
{
	struct visible_log state = {.n = 0};
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	ATF_REQUIRE(to != NULL);
	for (size_t at = 0; at < size; at += piece)
		visible_log(to, &state, log + at,
		    size - at < piece ? size - at : piece);
	visible_log_end(to, &state);
	fclose(to);
	return text;
}

ATF_TC_WITHOUT_HEAD(pieces);
ATF_TC_BODY(pieces, tc)
{
	static const struct {
		const char *log, *text;
	} cases[] = {
	    {"plain\n\ttext\n", "plain\n\ttext\n"},
	    {"\033[31mred\033[0m\r\n", "^[[31mred^[[0m^M\n"},
	    {"\302\2332J", "\\x9b2J"},
	    {"gr\303\266\303\237e \342\202\254 \360\237\230\200",
		"gr\303\266\303\237e \342\202\254 \360\237\230\200"},
	    {"\177\b\a", "^?^H^G"},
	    /* No UTF-8: cut off, too long, too large, out of place. */
	    {"\360\237\230", "\\xf0\\x9f\\x98"},
	    {"\360\237\342\202\254", "\\xf0\\x9f\342\202\254"},
	    {"\360\237\230A", "\\xf0\\x9f\\x98A"},
	    {"\302\302\233", "\\xc2\\x9b"},
	    {"\300\200\377\200", "\\xc0\\x80\\xff\\x80"},
	    {"", ""},
	};
	unsigned checked = 0;

	(void)tc;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece < 8; piece++, checked++) {
			char *text =
			    shown(cases[i].log, strlen(cases[i].log), piece);

			ATF_CHECK_STREQ(cases[i].text, text);
			free(text);
		}
	printf("%u logs in pieces\n", checked);
}

/* Every two bytes there are: nothing of them is obeyed. */
ATF_TC_WITHOUT_HEAD(pairs);
ATF_TC_BODY(pairs, tc)
{
	(void)tc;
	for (unsigned i = 0; i < 65536; i++) {
		char pair[3] = {(char)(i >> 8), (char)(i & 255), '\0'}, *text;

		for (size_t piece = 1; piece < 3; piece++) {
			text = shown(pair, 2, piece);
			for (const char *at = text; *at != '\0'; at++)
				ATF_REQUIRE(*at == '\n' || *at == '\t' ||
				    visible_control(at, strlen(at)) == 0);
			free(text);
		}
		text = visible_copy(pair);
		for (const char *at = text; *at != '\0'; at++)
			ATF_REQUIRE(visible_control(at, strlen(at)) == 0);
		free(text);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pieces);
	ATF_TP_ADD_TC(tp, pairs);
	return atf_no_error();
}
