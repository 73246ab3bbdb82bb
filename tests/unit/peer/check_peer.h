#ifndef BTTUI_TESTS_PEER_CHECK_PEER_H
#define BTTUI_TESTS_PEER_CHECK_PEER_H

#include <check.h>

Suite *suite_blocklist(void);
Suite *suite_refuse(void);
Suite *suite_allowed_fast(void);
Suite *suite_choker(void);
Suite *suite_connect(void);
Suite *suite_crowds(void);
Suite *suite_donthave(void);
Suite *suite_hashes(void);
Suite *suite_hide(void);
Suite *suite_holepunch(void);
Suite *suite_holepunch_message(void);
Suite *suite_known_good(void);
Suite *suite_meetings(void);
Suite *suite_metadata(void);
Suite *suite_news(void);
Suite *suite_pace(void);
Suite *suite_pex(void);
Suite *suite_priority(void);
Suite *suite_rate_limit(void);
Suite *suite_requests(void);
Suite *suite_room(void);
Suite *suite_seed_order(void);
Suite *suite_serve(void);
Suite *suite_session(void);
Suite *suite_slots(void);
Suite *suite_super_seed(void);
Suite *suite_transport(void);
Suite *suite_trouble(void);
Suite *suite_upload(void);
Suite *suite_dht_port(void);
Suite *suite_upload_only(void);
Suite *suite_webseed_manager(void);
Suite *suite_webseed_url(void);
Suite *suite_wire(void);

#endif
