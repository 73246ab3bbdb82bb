#ifndef BTTUI_TESTS_DISCOVERY_CHECK_DISCOVERY_H
#define BTTUI_TESTS_DISCOVERY_CHECK_DISCOVERY_H

#include <check.h>

Suite *suite_changes(void);
Suite *suite_dht(void);
Suite *suite_dht_message(void);
Suite *suite_dht_net(void);
Suite *suite_dht_parts(void);
Suite *suite_dht_table(void);
Suite *suite_lsd(void);
Suite *suite_packet(void);
Suite *suite_portmap(void);
Suite *suite_reply(void);
Suite *suite_http_trackers(void);
Suite *suite_udp_trackers(void);
Suite *suite_outages(void);
Suite *suite_turns(void);
Suite *suite_upnp(void);

#endif
