#!/bin/sh
# engines: weir as a whole beside other programs that run commands after each
# other: 2,000 commands of which none waits for another, a chain of 500, and
# 100 diamonds (one, then two, then one).  Each command is /bin/true, and two
# run at a time.
#
# weir writes down and syncs what begins and what ended, and the others keep
# nothing: the ratio is what that costs.  The daemon runs already, as it does
# in life; its state is on the disk that the build directory is on.
#
# BENCH_RUNS=5: the median of how many runs.  Writes build/bench.txt too.
set -eu

runs=${BENCH_RUNS:-5}
table="$WEIR_SRC/build/bench.txt"
dir=$(mktemp -d "$WEIR_SRC/build/bench.XXXXXX")
export WEIR_SOCKET="$dir/sock" TS_SOCKET="$dir/tsp"
daemon=

# The runners leave by themselves: they have nothing to tell any more.
finish() {
	trap - EXIT
	if [ -n "$daemon" ]; then
		"$WEIR_BIN/weirctl" -q engine stop -m drain 2>/dev/null ||
		    kill "$daemon"
		wait "$daemon" || :
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# --- The three graphs, in every language ---

# graph KIND: "TASK NEEDED..." a line.
graph() {
	case $1 in
	flat) awk 'BEGIN { for (i = 1; i <= 2000; i++) print "t" i }' ;;
	chain) awk 'BEGIN { print "t1"
	    for (i = 2; i <= 500; i++) print "t" i, "t" i - 1 }' ;;
	diamonds) awk 'BEGIN { for (i = 1; i <= 100; i++) {
	    print "a" i; print "b" i, "a" i; print "c" i, "a" i
	    print "d" i, "b" i, "c" i } }' ;;
	esac
}

write_graphs() {
	{
		printf 'workflow: flat\ntasks:\n  each:\n    run: [/bin/true]\n'
		printf '    items: {parallel: 2, in: ['
		awk 'BEGIN { for (i = 1; i <= 2000; i++) printf "%d,", i }'
		printf ']}\n'
	} >"$dir/flat.yaml"
	for kind in chain diamonds; do
		{
			printf 'workflow: %s\nlimits: {parallel_tasks: 2}\n' $kind
			printf 'tasks:\n'
			graph $kind | awk '{
			    needs = NF > 1 ? ", needs: [" : ""
			    for (i = 2; i <= NF; i++)
				needs = needs (i > 2 ? ", " : "") $i
			    print "  " $1 ": {run: [/bin/true]" needs \
				(NF > 1 ? "]" : "") "}" }'
		} >"$dir/$kind.yaml"
	done
	for kind in flat chain diamonds; do
		graph $kind | awk '{
		    all = all " " $1; rule = $1 ":"
		    for (i = 2; i <= NF; i++) rule = rule " " $i
		    rules = rules rule "\n\t@/bin/true\n" }
		    END { print "all:" all "\n.PHONY: all" all; printf "%s", rules }' \
		    >"$dir/$kind.mk"
		graph $kind | awk 'BEGIN { print "rule true\n command = /bin/true" }
		    { needs = ""
		    for (i = 2; i <= NF; i++) needs = needs " " $i
		    print "build " $1 ": true" needs }' >"$dir/$kind.ninja"
	done
}

# --- One run of each ---

engines="weir xargs make bmake ninja tsp"

# can ENGINE KIND: xargs and tsp know nothing of what waits for what.
can() {
	case $1 in
	weir) return 0 ;;
	xargs) [ "$2" = flat ] && command -v xargs >/dev/null ;;
	tsp) [ "$2" = flat ] && command -v tsp >/dev/null ;;
	make) command -v gmake >/dev/null || command -v make >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# MAKEFLAGS and MAKELEVEL are those of the make that runs this.
run_engine() { # ENGINE KIND
	case $1 in
	weir) "$WEIR_BIN/weirctl" -q run "$2" --wait ;;
	xargs) graph "$2" | xargs -n 1 -P 2 /bin/true ;;
	make) env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
	    "$(command -v gmake || command -v make)" -s -j2 -f "$dir/$2.mk" ;;
	bmake) env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
	    bmake -s -j2 -f "$dir/$2.mk" ;;
	ninja) rm -f "$dir/.ninja_log" "$dir/.ninja_deps"
	    ninja --quiet -C "$dir" -j2 -f "$2.ninja" ;;
	tsp)
		tsp -S 2
		graph "$2" | while read -r _; do tsp -n /bin/true; done
		tsp -w
		tsp -K
		;;
	esac >"$dir/out" 2>&1 || {
		echo "$1 can't run $2:" >&2
		cat "$dir/out" >&2
		return 1
	}
}

milliseconds() {
	case $(date +%N) in
	[0-9]*) echo $(($(date +%s%N) / 1000000)) ;;
	*) perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000' ;;
	esac
}

median() { # ENGINE KIND: in milliseconds
	run_engine "$1" "$2"
	i=0
	while [ "$i" -lt "$runs" ]; do
		begin=$(milliseconds)
		run_engine "$1" "$2"
		echo $(($(milliseconds) - begin))
		i=$((i + 1))
	done | sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}

# --- The daemon, and the table ---

start_daemon() {
	"$WEIR_BIN/weird" -f -s "$WEIR_SOCKET" -d "$dir/state" \
	    >"$dir/weird.log" 2>&1 &
	daemon=$!
	until "$WEIR_BIN/weirctl" -q whoami >/dev/null 2>&1; do
		kill -0 "$daemon" 2>/dev/null || {
			cat "$dir/weird.log" >&2
			daemon=
			exit 1
		}
		sleep 0.1
	done
	for kind in flat chain diamonds; do
		"$WEIR_BIN/weirctl" -q define "$dir/$kind.yaml"
	done
}

# Seconds; and how many times as long weir took.
cell() { # MILLISECONDS WEIR'S
	awk -v t="$1" -v weir="$2" 'BEGIN {
	    printf " %.2f s", t / 1000
	    if (weir > 0) printf " (%.1f)", weir / t
	    printf " |" }'
}

row() { # KIND DESCRIPTION
	printf '| %s |' "$2"
	weir=$(median weir "$1")
	cell "$weir" 0
	for engine in $engines; do
		[ "$engine" != weir ] || continue
		if ! can "$engine" "$1"; then
			printf ' - |'
		elif took=$(median "$engine" "$1"); then
			cell "$took" "$weir"
		else
			printf ' failed |'
		fi
	done
	echo
}

write_table() {
	echo "weir beside others: $(uname -sm), $(getconf _NPROCESSORS_ONLN)" \
	    "processors, median of $runs; in parentheses how many times as" \
	    "long weir takes."
	echo
	printf '|  |'
	for engine in $engines; do
		printf ' %s |' "$engine"
	done
	printf '\n| --- |'
	for engine in $engines; do
		printf ' ---: |'
	done
	echo
	row flat "2,000 side by side"
	row chain "a chain of 500"
	row diamonds "100 diamonds"
}

# The processor time of the daemon itself, where the system tells.
write_cpu() {
	[ -r "/proc/$daemon/stat" ] || return 0
	# Each is run once more than is measured, to warm up.
	awk -v commands=$(((runs + 1) * 2900)) -v hz="$(getconf CLK_TCK)" '{
	    printf "\nweird itself used %.2f ms of processor time for each" \
		" command, %.2f of it in the kernel.\n",
		($14 + $15) * 1000 / hz / commands, $15 * 1000 / hz / commands
	}' "/proc/$daemon/stat"
}

for engine in $engines; do
	can "$engine" flat || echo "$engine is not installed: left out"
done
write_graphs
start_daemon
{
	write_table
	write_cpu
} | tee "$table"
