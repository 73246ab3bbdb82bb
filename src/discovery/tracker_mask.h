/* What identifies the user in an address is not for screens and logs (HOSTILE.md H27). */
#ifndef BTTUI_DISCOVERY_TRACKER_MASK_H
#define BTTUI_DISCOVERY_TRACKER_MASK_H

/* URL without its query and without what looks like a passkey, for people; the caller
 * frees it. NULL: out of memory. */
char *tracker_mask_url(const char *url);

#endif
