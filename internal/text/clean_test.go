package text

import "testing"

func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":             {"web is ready", "web is ready"},
		"line endings":      {"a\r\nb\rc\u2028d", "a\nb\nc\nd"},
		"colour":            {"\x1b[1;31mred\x1b[0m", "red"},
		"window title":      {"\x1b]0;owned\x07ok", "ok"},
		"open OSC":          {"\x1b]0;x\nnext line stays", "\nnext line stays"},
		"nested escape":     {"\x1b\x1b[0K[0Ksection_start:1:x\r", "[0Ksection_start:1:x\n"},
		"C1 control":        {"a\u009b31mb", "a31mb"},
		"null, bell":        {"a\x00\x07b", "ab"},
		"bidi override":     {"a\u202eb\u2066c", "abc"},
		"zero width":        {"a\u200bb\ufeff", "ab"},
		"not a character":   {"a\ufffe\uffffb", "ab"},
		"invalid UTF-8":     {"a\xff\xfeb", "a\uFFFDb"},
		"tab and multibyte": {"ü\t日本", "ü\t日本"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	if got, want := OneLine(" a\r\n\tb \x1b[31mc\x1b[0m\x00\u202e "), "a b c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
