dist_man_MANS += man/bttui.1
