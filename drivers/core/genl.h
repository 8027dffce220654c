/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _VNET_CORE_GENL_H
#define _VNET_CORE_GENL_H

int vnet_genl_init(void);
void vnet_genl_exit(void);

#endif /* _VNET_CORE_GENL_H */
