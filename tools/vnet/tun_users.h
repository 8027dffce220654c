/* SPDX-License-Identifier: GPL-2.0 */
/* Which programs have a device of /dev/net/vtun. */
#ifndef VNET_TUN_USERS_H
#define VNET_TUN_USERS_H

#include <linux/if.h>
#include <stddef.h>

/**
 * struct tun_user - a program and a device that it has
 * @pid: the program
 * @command: its name
 * @ifname: the device, as the kernel names it in fdinfo
 * @files: how many files it has attached to it
 */
struct tun_user {
	int pid;
	char command[32];
	char ifname[IFNAMSIZ];
	unsigned int files;
};

/**
 * struct tun_users - all that the caller may see
 * @user: each
 * @count: how many
 */
struct tun_users {
	struct tun_user *user;
	size_t count;
};

/**
 * tun_users_read() - look through the files that programs of this namespace have
 * @users: empty at first; for tun_users_free()
 *
 * Names are unique in a namespace only: programs of others are left out.
 */
void tun_users_read(struct tun_users *users);
void tun_users_free(struct tun_users *users);

#endif
