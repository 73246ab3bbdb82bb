dist_man_MANS += man/bttui.1 man/bttui.conf.5
