# The log path while services and the recorder are killed: every line is counted.
logpath: all system-programs ## 10 million lines through ten services, 50 deaths, 20 killed recorders: no line lost
	@tests/logpath/run --build $(B) --long

logpath-short: all system-programs ## the same in small
	@tests/logpath/run --build $(B)

LONG_TARGETS += logpath
.PHONY: logpath logpath-short
