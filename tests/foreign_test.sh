#!/usr/bin/env atf-sh
# foreign_test: implementations of MessagePack-RPC that are not weir's own, as
# they are: each starts a workflow, watches it, pauses and resumes it, and reads
# the error of a call that is refused.  The programs are in tests/foreign.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# weir_with_gate: a daemon that knows a workflow that waits.
weir_with_gate() {
	cat >gate.yaml <<'EOT'
workflow: gate
tasks:
  stand: {wait: {signal: go}}
EOT
	weir_start
	atf_check -o ignore weirctl define gate.yaml
}

# drives COMMAND...: it says what it should, and the daemon thinks so too.
drives() {
	atf_check -o save:said -e ignore "$@"
	atf_check -o match:'^started 1$' -o match:'^paused 1$' \
	    -o match:'^resumed 1$' -o match:'^event execution.created 1$' \
	    -o match:'^event execution.held 1$' \
	    -o match:'^event execution.resumed 1$' \
	    -o match:'^refused .*400 bad_request: .*parameter "nonsense"' \
	    cat said
	atf_check -o ignore weirctl signal 1 go
	atf_check -o ignore weirctl wait 1
	weir_stop
	weirctl journal dump state/journal |
	    grep -o '"type": "execution.[a-z]*"' >happened
	atf_check_equal 1 "$(grep -c held happened)"
	atf_check_equal 1 "$(grep -c resumed happened)"
}

weir_test_case msgpack "python3-msgpack"
msgpack_body() {
	weir_python msgpack
	weir_with_gate
	drives "$python" -B "$WEIR_SRC/tests/foreign/plain.py"
}

weir_test_case pynvim "python3-pynvim, which says first that it is Neovim's"
pynvim_body() {
	weir_python pynvim
	weir_with_gate
	drives "$python" -B "$WEIR_SRC/tests/foreign/pynvim.py"
}

weir_test_case npm "the npm package neovim"
npm_body() {
	command -v node >/dev/null || atf_skip "there is no node"
	[ -d "$WEIR_SRC/build/npm/node_modules/neovim" ] ||
	    atf_skip "build/npm has no neovim: tests/deps could not install it"
	weir_with_gate
	drives env NODE_PATH="$WEIR_SRC/build/npm/node_modules" \
	    node "$WEIR_SRC/tests/foreign/neovim.js"
}

# nvim_runs FILE: as a script of Neovim's, which ends with 1 where it fails.
nvim_runs() {
	command -v nvim >/dev/null || atf_skip "there is no nvim"
	XDG_STATE_HOME="$PWD" XDG_DATA_HOME="$PWD" XDG_CONFIG_HOME="$PWD"
	export XDG_STATE_HOME XDG_DATA_HOME XDG_CONFIG_HOME
	cat >run.lua <<'EOT'
local ok, problem = pcall(dofile, vim.env.SCRIPT)
if not ok then
  io.stderr:write(tostring(problem), '\n')
end
vim.cmd(ok and 'qall!' or 'cquit 1')
EOT
}

weir_test_case neovim "Neovim's rpcrequest, and the sessions of its Lua"
neovim_body() {
	nvim_runs
	weir_with_gate
	drives env SCRIPT="$WEIR_SRC/tests/foreign/neovim.lua" \
	    nvim --headless -u NONE -i NONE -n -c 'luafile run.lua'
}

weir_test_case lua "lua-nvim, Neovim's client for programs in Lua"
lua_body() {
	command -v lua5.1 >/dev/null || atf_skip "there is no lua5.1"
	lua5.1 -e 'require("nvim.session")' 2>lua.err ||
	    atf_skip "Lua has no nvim.session: $(head -n 1 lua.err)"
	weir_with_gate
	drives lua5.1 "$WEIR_SRC/tests/foreign/session.lua"
}

weir_test_case text_errors "errors as strings, for those that show no maps"
text_errors_body() {
	weir_python msgpack
	weir_start
	cat >errors.py <<'EOT'
import client

def error_of(weir, method, **params):
    id = weir.send(method, **params)
    while id not in weir.answers:
        weir.take()
    error, result = weir.answers.pop(id)
    assert result is None
    return error

weir, other = client.Client(), client.Client()
assert error_of(weir, "execution.get", id=7)["code"] == 404
weir.call("hello", errors="text")
error = error_of(weir, "execution.get", id=7)
assert error.startswith("404 not_found: there is no execution 7"), error
# With details, too, and for others nothing has changed.
error = error_of(weir, "definition.put", definition={"tasks": 1})
assert error.startswith("422 invalid_definition: "), error
assert error_of(other, "execution.get", id=7)["code"] == 404
assert weir.call("hello")["protocol"] == 1
assert type(error_of(weir, "execution.get", id=7)) is str
weir.call("hello", errors="map")
assert error_of(weir, "execution.get", id=7)["name"] == "not_found"
assert error_of(weir, "hello", errors="list")["code"] == 400
EOT
	atf_check env PYTHONPATH="$WEIR_SRC/tests/foreign" \
	    "$python" -B errors.py
	weir_stop
}

# manual LANGUAGE: the example of weir-protocol(7) in it.
manual() {
	awk -v language="$1" '
	/^\.\\" example: / { wanted = $3 == language; next }
	/^\.Bd/ && wanted { inside = 1; next }
	/^\.Ed/ { inside = 0; wanted = 0 }
	inside { gsub(/\\e/, "\\"); print }
	' "$WEIR_SRC/man/weir-protocol.7"
}

weir_test_case manual "the programs of weir-protocol(7) do what it says"
manual_body() {
	weir_python msgpack
	weir_with_gate
	manual python >start.py
	[ -s start.py ] || atf_fail "there is no example in Python"
	"$python" start.py gate >said 2>&1 &
	started=$!
	weir_wait_until weirctl show 1
	atf_check -o ignore weirctl signal 1 go
	wait "$started" || atf_fail "$(tail -n 1 said)"
	atf_check -o match:'execution.created' -o match:'completed' cat said
	atf_check -s exit:1 -e match:'not_found: there is no workflow' \
	    "$python" start.py nothing
	nvim_runs
	manual lua >start.lua
	[ -s start.lua ] || atf_fail "there is no example for Neovim"
	atf_check -e match:'execution 2 is (running|waiting)' \
	    env SCRIPT=start.lua \
	    nvim --headless -u NONE -i NONE -n -c 'luafile run.lua'
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case msgpack
	atf_add_test_case pynvim
	atf_add_test_case npm
	atf_add_test_case neovim
	atf_add_test_case lua
	atf_add_test_case text_errors
	atf_add_test_case manual
}
