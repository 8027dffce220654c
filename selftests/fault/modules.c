// SPDX-License-Identifier: GPL-2.0
/*
 * Want of memory while a module is loaded: each allocation in turn fails, until the module loads without one that does.
 * A module that could not be loaded is not there; one that could makes devices, and can be unloaded.
 * The quick run leaves out most of the allocations: those of a stride that begins anywhere, printed as the seed, which
 * VNET_SEED sets. VNET_LONG=1 takes them all.
 */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"
#include "fault.h"

#define STRIDE	23

struct image {
	void *bytes;
	size_t len;
};

FIXTURE(modules) {
	int stride, first;
};

static bool read_image(struct image *image, const char *name)
{
	const char *folder = getenv("KMODS");
	struct stat st;
	char path[4096];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s.ko", folder ? folder : ".", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return false;
	image->bytes = malloc(st.st_size);
	image->len = st.st_size;
	if (image->bytes)
		got = read(fd, image->bytes, image->len);
	close(fd);
	return got == (ssize_t)image->len;
}

static int unload(const char *name)
{
	return op_loaded(name) ? op_unload(name) : 0;
}

static int load(const struct image *image)
{
	return syscall(SYS_init_module, image->bytes, image->len, "") ? -errno : 0;
}

static bool unload_all(void)
{
	return !unload("vflow") && !unload("vtap") && !unload("vtun") && !unload("vbridge") &&
	       !unload("vveth") && !unload("vnet_core");
}

FIXTURE_SETUP(modules)
{
	if (!fault_init())
		SKIP(return, FAULT_MISSING);
	/* Pages for code are asked for with a warning where there are none. */
	fault_knob("fail_page_alloc", "min-order", "20");
	self->stride = STRIDE;
	self->first = fault_first(&self->stride);
	ASSERT_TRUE(unload_all());
}

FIXTURE_TEARDOWN(modules)
{
	EXPECT_TRUE(unload_all());
}

/* A device of the kind comes and goes. */
static int try_device(const char *name)
{
	struct op_ns ns;
	struct nl_msg msg;
	int rc = op_ns_new(&ns);

	if (rc || !strcmp(name, "vnet_core"))
		return rc;
	if (!strcmp(name, "vveth"))
		op_pair(&msg, &(struct op_pair){ .name = "va", .peer = "vb", .up = true, .peer_up = true });
	else
		op_bridge(&msg, &(struct op_bridge){ .name = "va", .up = true });
	rc = nl_talk(&ns.nl, &msg);
	if (!rc)
		rc = nl_del_link(&ns.nl, "va");
	op_ns_close(&ns);
	return rc;
}

/* Returns the number of points, or -1. */
static int walk(FIXTURE_DATA(modules) *self, const char *name)
{
	int nth, rc, refused = 0, without = 0;
	struct image image;
	bool fired = true;

	if (!read_image(&image, name))
		return -1;
	for (nth = self->first; fired && nth < 100 * FAULT_END; nth += self->stride) {
		fault_arm(nth);
		rc = load(&image);
		fired = fault_disarm();
		if ((rc && rc != -ENOMEM) || (rc && !fired) || op_loaded(name) != !rc || (!rc && try_device(name)) ||
		    unload(name) || op_loaded(name)) {
			printf("# %s: allocation %d failed, answer %d, %s\n", name, nth, rc,
			       op_loaded(name) ? "loaded" : "not loaded");
			return -1;
		}
		refused += !!rc;
		without += fired && !rc;
	}
	printf("# %s: about %d points of failure, %d of them tried: not loaded at %d, loaded all the same at %d\n", name,
	       nth - self->stride, refused + without, refused, without);
	fflush(stdout);
	free(image.bytes);
	return refused;
}

TEST_F_TIMEOUT(modules, core, 1500)
{
	EXPECT_LT(1, walk(self, "vnet_core"));
}

TEST_F_TIMEOUT(modules, pair, 1500)
{
	struct image core;

	ASSERT_TRUE(read_image(&core, "vnet_core"));
	ASSERT_EQ(0, load(&core));
	EXPECT_LT(1, walk(self, "vveth"));
}

TEST_F_TIMEOUT(modules, bridge, 1500)
{
	struct image core;

	ASSERT_TRUE(read_image(&core, "vnet_core"));
	ASSERT_EQ(0, load(&core));
	EXPECT_LT(1, walk(self, "vbridge"));
}

TEST_HARNESS_MAIN
