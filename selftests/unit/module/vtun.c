// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of vtun: what is built around a frame fits into the page that it lies in.
 */
#include "../drivers/vtun/vtun.h"
#include "unit.h"

/*
 * The headroom that a device is asked for may be any other one by the time the frame is copied: the memory may be a single
 * page, and what lies behind it is another's.
 */
static void skbs_are_built_within_a_page(struct kunit *test)
{
	unsigned int headroom, pad, worst = 0, least = UINT_MAX;
	size_t len, most = 0;

	for (len = 0; len <= PAGE_SIZE; len++)
		if (vtun_build_has_room(len, NET_SKB_PAD))
			most = len;
	KUNIT_EXPECT_TRUE(test, most >= PAGE_SIZE / 2);
	for (headroom = NET_SKB_PAD; headroom <= U16_MAX; headroom++) {
		pad = vtun_build_pad(false, headroom);
		least = min(least, pad);
		worst = max(worst, vtun_build_size(pad, most));
		if (vtun_build_has_room(most, headroom) && pad < headroom + NET_IP_ALIGN)
			KUNIT_EXPECT_EQ(test, pad, headroom + NET_IP_ALIGN);
	}
	pad = vtun_build_pad(true, U16_MAX);
	worst = max(worst, vtun_build_size(pad, most));
	KUNIT_EXPECT_LE(test, worst, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, least, NET_SKB_PAD + NET_IP_ALIGN);
}

/* What is in front is at least what the program may use, or what the device wants. */
static void built_skbs_have_their_headroom(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vtun_build_pad(false, NET_SKB_PAD), NET_SKB_PAD + NET_IP_ALIGN);
	KUNIT_EXPECT_EQ(test, vtun_build_pad(false, 200), 200 + NET_IP_ALIGN);
	KUNIT_EXPECT_EQ(test, vtun_build_pad(false, XDP_PACKET_HEADROOM), XDP_PACKET_HEADROOM + NET_IP_ALIGN);
	KUNIT_EXPECT_EQ(test, vtun_build_pad(true, NET_SKB_PAD), XDP_PACKET_HEADROOM + NET_SKB_PAD + NET_IP_ALIGN);
	KUNIT_EXPECT_FALSE(test, vtun_build_has_room(60, XDP_PACKET_HEADROOM + 1));
}

static struct kunit_case unit_vtun_cases[] = {
	KUNIT_CASE(skbs_are_built_within_a_page),
	KUNIT_CASE(built_skbs_have_their_headroom),
	{ }
};

struct kunit_suite unit_vtun_suite = {
	.name = "vtun",
	.test_cases = unit_vtun_cases,
};
