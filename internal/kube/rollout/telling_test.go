package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The line that tells why is found in what runtimes print, before or behind their stacks.
func TestTellingLine(t *testing.T) {
	for name, c := range map[string]struct{ log, want string }{
		"nothing":                                  {"", ""},
		"nothing but blanks":                       {"\n  \n\t\n", ""},
		"a plain last line":                        {"listening\nno DATABASE_URL\n\n", "no DATABASE_URL"},
		"a line stays as it is":                    {"\x1b[31merror: \x1b[0m two  spaces\n", "\x1b[31merror: \x1b[0m two  spaces"},
		"colours hide nothing":                     {"\x1b[31mpanic: why\x1b[0m\nbye", "\x1b[31mpanic: why\x1b[0m"},
		"an error, and what the other stream says": {"relation users does not exist\nmigrating\n", "relation users does not exist"},
		"an error long ago":                        {"an error\na\nb\nc\nd\ne\nlistening", "listening"},
		"a panic": {"starting\npanic: no DATABASE_URL\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:9 +0x1d\nexit status 2",
			"panic: no DATABASE_URL"},
		"the first of two panics": {"panic: first\n\tpanic: second\n\ngoroutine 1 [running]:", "panic: first"},
		"a fatal error of Go": {"fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()",
			"fatal error: all goroutines are asleep - deadlock!"},
		"a word in the middle is none": {"do not panic: it is well\nbye", "bye"},
		"Python": {"Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in <module>\n    main()\nKeyError: 'DATABASE_URL'\n",
			"KeyError: 'DATABASE_URL'"},
		"Python, one by another": {"Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\n" +
			"Traceback (most recent call last):\n  File \"a.py\"\nSettingsError: no DATABASE_URL\n", "SettingsError: no DATABASE_URL"},
		"Python, cut off": {"Traceback (most recent call last):\n  File \"a.py\"", `  File "a.py"`},
		"Node": {"/app/index.js:3\nthrow new Error('no DATABASE_URL')\n^\n\nError: no DATABASE_URL\n    at Object.<anonymous> (/app/index.js:3:7)\n" +
			"    at Module._compile\n\nNode.js v24.1.0", "Error: no DATABASE_URL"},
		"Node, a message of lines": {"Error: Cannot find module 'pg'\nRequire stack:\n- /app/index.js\n    at Module._resolveFilename\n\nNode.js v24.1.0",
			"Error: Cannot find module 'pg'"},
		"Node, an error that is caught": {"Error: a try\nretrying\nretrying\nretrying\nretrying\nretrying\nretrying\ngave up", "gave up"},
		"Java": {"Exception in thread \"main\" java.lang.IllegalStateException: start\n\tat App.main(App.java:3)\n" +
			"Caused by: java.net.ConnectException: refused\n\tat Net.go(Net.java:1)\n\t... 3 more",
			"Caused by: java.net.ConnectException: refused"},
		"Java, no cause": {"Exception in thread \"main\" java.lang.Error: x\n\tat App.main(App.java:3)",
			`Exception in thread "main" java.lang.Error: x`},
	} {
		t.Run(name, func(t *testing.T) {
			kept, why := telling(strings.Split(c.log, "\n"))
			if why != c.want {
				t.Errorf("it is %q, want %q", why, c.want)
			}
			if len(kept) > linesKept {
				t.Errorf("%d lines are kept", len(kept))
			}
		})
	}
}

// A stack that is longer than what is kept does not push out the panic before it.
func TestLinesAboutAPanicAreKept(t *testing.T) {
	log := []string{"a", "b", "c", "d", "e", "f", "panic: why"}
	for i := range 60 {
		log = append(log, fmt.Sprint("frame ", i))
	}
	kept, why := telling(log)
	if len(kept) != linesKept || why != "panic: why" || slices.Index(kept, why) != linesBefore || kept[0] != "c" {
		t.Errorf("kept %q", kept)
	}
	short := []string{"panic: why", "frame"}
	if kept, _ := telling(short); !slices.Equal(kept, short) {
		t.Errorf("kept %q", kept)
	}
}
