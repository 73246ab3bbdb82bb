/*
 * The main job: settings, session, then interface or headless mode, until the end; on the
 * user's torrents or on the demo's private swarm. All return the exit status.
 */
#ifndef BTTUI_APP_RUN_H
#define BTTUI_APP_RUN_H

#include "app/demo_plan.h"
#include "app/options.h"

enum exit_status run_main(const struct options *options);
enum exit_status run_demo(const struct options *options);
/* The demo with the swarm of PLAN. */
enum exit_status run_plan(const struct options *options, const struct demo_plan *plan);

#endif
