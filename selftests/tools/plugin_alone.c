// SPDX-License-Identifier: GPL-2.0
/*
 * The plugins in a program that has no parsers to delegate to, as an `ip` of
 * another build could be: a sentence, not a crash.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/iproute2/link_util.h"

#include "harness.h"

FIXTURE(plugin)
{
	struct link_util *util;
	void *lib;
	char said[4096];
};

FIXTURE_VARIANT(plugin)
{
	const char *kind;
	const char *stock;
	char *word;
};

FIXTURE_VARIANT_ADD(plugin, vveth)
{
	.kind = "vveth", .stock = "veth_link_util", .word = "peer",
};

FIXTURE_VARIANT_ADD(plugin, vbridge)
{
	.kind = "vbridge", .stock = "bridge_link_util", .word = "ageing_time",
};

FIXTURE_VARIANT_ADD(plugin, vbridge_slave)
{
	.kind = "vbridge_slave", .stock = "bridge_slave_link_util",
	.word = "isolated",
};

FIXTURE_SETUP(plugin)
{
	const char *dir = getenv("IP_LIB_DIR");
	char path[4096], symbol[64];

	ASSERT_NE(NULL, dir);
	snprintf(path, sizeof(path), "%s/link_%s.so", dir, variant->kind);
	self->lib = dlopen(path, RTLD_LAZY);
	ASSERT_NE(NULL, self->lib) TH_LOG("%s", dlerror());
	snprintf(symbol, sizeof(symbol), "%s_link_util", variant->kind);
	self->util = dlsym(self->lib, symbol);
	ASSERT_NE(NULL, self->util);
}

FIXTURE_TEARDOWN(plugin)
{
	dlclose(self->lib);
}

/* Runs parse_opt on one word, with what it says to stderr kept. */
static int plugin_parse(struct link_util *util, char *word, char *said,
			size_t size)
{
	FILE *real = stderr;
	char *argv[2];
	FILE *fake;
	int ret;

	argv[0] = word;
	argv[1] = NULL;
	memset(said, 0, size);
	fake = fmemopen(said, size, "w");
	if (!fake)
		return 0;
	stderr = fake;
	ret = util->parse_opt(util, 1, argv, NULL);
	stderr = real;
	fclose(fake);
	return ret;
}

TEST_F(plugin, names_its_kind)
{
	EXPECT_STREQ(variant->kind, self->util->id);
}

TEST_F(plugin, refuses_options_with_a_sentence)
{
	EXPECT_EQ(-1, plugin_parse(self->util, variant->word, self->said,
				   sizeof(self->said)));
	EXPECT_NE(NULL, strstr(self->said, variant->stock))
		TH_LOG("it says: %s", self->said);
	EXPECT_EQ('\n', self->said[strlen(self->said) - 1]);
}

TEST_F(plugin, offers_nothing_it_cannot_do)
{
	EXPECT_EQ(0, self->util->maxattr);
	EXPECT_EQ(NULL, self->util->print_opt);
	EXPECT_EQ(NULL, self->util->print_xstats);
	EXPECT_EQ(NULL, self->util->parse_ifla_xstats);
	EXPECT_EQ(NULL, self->util->print_ifla_xstats);
}

TEST_F(plugin, helps_all_the_same)
{
	char text[4096] = { 0 };
	FILE *f;

	f = fmemopen(text, sizeof(text), "w");
	ASSERT_NE(NULL, f);
	self->util->print_help(self->util, 0, NULL, f);
	fclose(f);
	EXPECT_EQ(0, strncmp(text, "Usage: ip link ", 15));
	EXPECT_NE(NULL, strstr(text, variant->kind));
	EXPECT_EQ(-1, plugin_parse(self->util, "help", self->said,
				   sizeof(self->said)));
	EXPECT_STREQ(text, self->said);
}

TEST_HARNESS_MAIN
