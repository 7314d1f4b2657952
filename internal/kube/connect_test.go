package kube

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/problem"
)

const hidden = "do-not-show-this"

// config writes a kubeconfig with one cluster, and one context per user.
func config(server string, users map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters:\n- {name: c, cluster: {server: %q}}\ncontexts:\n", server)
	for name := range users {
		fmt.Fprintf(&b, "- {name: %s, context: {cluster: c, user: %s}}\n", name, name)
	}
	b.WriteString("users:\n")
	for name, user := range users {
		fmt.Fprintf(&b, "- {name: %s, user: %s}\n", name, user)
	}
	return b.String()
}

func tokens(names ...string) map[string]string {
	users := map[string]string{}
	for _, name := range names {
		users[name] = "{token: " + hidden + "-" + name + "}"
	}
	return users
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// env is an environment without a cluster.
func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestConnectFindsTheCluster(t *testing.T) {
	plain := config("https://content.example", tokens("one", "two"))
	encoded := base64.StdEncoding.EncodeToString([]byte(plain))
	path := write(t, "a", config("https://path.example", tokens("one")))
	other := write(t, "b", config("https://other.example", tokens("two")))
	home := filepath.Dir(filepath.Dir(write(t, ".kube/config", config("https://home.example", tokens("one")))))
	pod := func() (*rest.Config, error) { return &rest.Config{Host: "https://10.0.0.1:443"}, nil }
	const tokenOne, tokenTwo = hidden + "-one", hidden + "-two"

	tests := []struct {
		name        string
		o           Options
		vars        map[string]string
		host, token string
	}{
		{"server first", Options{Server: "https://s.example:6443/prefix/", Token: "t"}, map[string]string{"KUBECONFIG": path},
			"https://s.example:6443/prefix", "t"},
		{"server without scheme", Options{Server: "s.example"}, nil, "https://s.example", ""},
		{"a path", Options{Kubeconfig: path}, map[string]string{"KUBECONFIG": other}, "https://path.example", tokenOne},
		{"a path from home", Options{Kubeconfig: "~/.kube/config"}, map[string]string{"HOME": home}, "https://home.example", tokenOne},
		{"content", Options{Kubeconfig: "\n" + plain}, nil, "https://content.example", tokenOne},
		{"content, other context", Options{Kubeconfig: plain, Context: "two"}, nil, "https://content.example", tokenTwo},
		{"base64", Options{Kubeconfig: encoded}, nil, "https://content.example", tokenOne},
		{"base64 in lines", Options{Kubeconfig: encoded[:40] + "\n  " + encoded[40:80] + "\r\n" + encoded[80:] + "\n"}, nil,
			"https://content.example", tokenOne},
		{"base64 without padding", Options{Kubeconfig: strings.TrimRight(encoded, "=")}, nil, "https://content.example", tokenOne},
		{"environment", Options{}, map[string]string{"KUBECONFIG": path, "HOME": home}, "https://path.example", tokenOne},
		{"environment, a list", Options{Context: "two"}, map[string]string{"KUBECONFIG": path + ":/none:" + other}, "https://path.example",
			tokenTwo},
		{"environment, content", Options{}, map[string]string{"KUBECONFIG": encoded}, "https://content.example", tokenOne},
		{"home", Options{InCluster: pod}, map[string]string{"HOME": home}, "https://home.example", tokenOne},
		{"pod", Options{InCluster: pod}, map[string]string{"HOME": "/none"}, "https://10.0.0.1:443", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Getenv = env(tt.vars)
			c, err := Connect(t.Context(), tt.o)
			if err != nil {
				t.Fatalf("%v", err)
			}
			d, err := tt.o.withDefaults().destination(t.Context())
			if err != nil || c.Host() != tt.host || d.config.BearerToken != tt.token {
				t.Errorf("got %s with token %q, %v, want %s with %q", c.Host(), d.config.BearerToken, err, tt.host, tt.token)
			}
			if strings.Contains(fmt.Sprintf("%#v", c.Config()), hidden) {
				t.Error("a client's config holds the token")
			}
		})
	}
}

func TestConnectRefuses(t *testing.T) {
	plain := config("https://c.example", tokens("one", "two"))
	broken := "apiVersion: v1\nusers: [" + hidden + "\n"
	plugin := config("https://c.example",
		map[string]string{"one": "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, interactiveMode: Never, installHint: x}}"})
	provider := config("https://c.example", map[string]string{"one": "{auth-provider: {name: gcp, config: {access-token: " + hidden + "}}}"})
	files := config("https://c.example", map[string]string{"one": "{client-certificate: /none.crt, client-key: /none.key}"})
	pasted := config("https://c.example",
		map[string]string{"one": "{client-certificate: /none.crt, client-key: 'BEGIN " + hidden + "', tokenFile: " + hidden + "}"})
	proxied := func(address string) string {
		return strings.ReplaceAll(plain, "{server:", "{proxy-url: '"+address+"', server:")
	}
	outside := func() (*rest.Config, error) { return nil, rest.ErrNotInCluster }
	noToken := func() (*rest.Config, error) { return nil, errors.New("open token: no such file") }

	tests := []struct {
		name string
		o    Options
		env  string
		says []string
	}{
		{"nothing", Options{InCluster: outside}, "", []string{"no kubeconfig", "kube-apiserver"}},
		{"pod without a token", Options{InCluster: noToken}, "",
			[]string{"service account", "no such file", "Mount its token, or give kubeconfig"}},
		{"server and kubeconfig", Options{Server: "https://x", Kubeconfig: plain}, "", []string{"excludes"}},
		{"server and context", Options{Server: "https://x", Context: "one"}, "", []string{"excludes"}},
		{"token alone", Options{Token: hidden}, "", []string{"kube-apiserver"}},
		{"CA alone", Options{CA: "x"}, "", []string{"kube-apiserver"}},
		{"server with a user", Options{Server: "https://u:" + hidden + "@x"}, "", []string{"https://host:port"}},
		{"server without sense", Options{Server: "ftp://x"}, "", []string{"https://host:port"}},
		{"CA without a certificate", Options{Server: "https://x", CA: "-----BEGIN " + hidden}, "", []string{"no certificate"}},
		{"CA without a file", Options{Server: "https://x", CA: "certs/none"}, "", []string{"kube-ca", "neither PEM"}},
		{"missing path", Options{Kubeconfig: "/none/config"}, "", []string{"no file /none/config", "content"}},
		{"missing path in the environment", Options{}, "/none/a:/none/b", []string{"$KUBECONFIG", "/none/a:/none/b"}},
		{"a word", Options{Kubeconfig: hidden}, "", []string{"neither"}},
		{"broken YAML", Options{Kubeconfig: broken}, "", []string{"neither"}},
		{"base64 of something else", Options{Kubeconfig: base64.StdEncoding.EncodeToString([]byte(broken))}, "", []string{"neither"}},
		{"YAML of something else", Options{Kubeconfig: "a: " + hidden}, "", []string{"neither"}},
		{"broken file", Options{Kubeconfig: write(t, "broken", broken)}, "", []string{"broken", "cannot be read"}},
		{"no such context", Options{Kubeconfig: plain, Context: "three"}, "", []string{`no context "three"`, "one, two"}},
		{"no current context", Options{Kubeconfig: strings.Replace(plain, "current-context: one\n", "", 1)}, "",
			[]string{"no current context", "one, two"}},
		{"context without a kubeconfig", Options{Context: "one", InCluster: outside}, "", []string{`"one"`, "no kubeconfig"}},
		{"plugin not installed", Options{Kubeconfig: plugin}, "", []string{"no-such-plugin", "not installed",
			"berth-dev/berth/native", "kube-apiserver, kube-token and kube-ca", "docs/clusters.md"}},
		{"auth provider", Options{Kubeconfig: provider}, "", []string{"gcp", "removed", "kube-token", "docs/clusters.md"}},
		{"key for a file", Options{Kubeconfig: pasted}, "", []string{"not shown"}},
		{"proxy's password", Options{Kubeconfig: proxied("ftp://bob:" + hidden + "@proxy")}, "", []string{"proxy-url", "***@proxy"}},
		{"proxy that is none", Options{Kubeconfig: proxied("http://bob:%zz" + hidden + "@proxy")}, "", []string{"proxy-url", "***@proxy"}},
		{"password of the server's address", Options{Kubeconfig: config("http://bob:"+hidden+"@c.example", tokens("one"))}, "",
			[]string{"the server's address holds credentials"}},
		{"certificate files missing", Options{Kubeconfig: files}, "", []string{"/none.crt", "embedded"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Getenv = env(map[string]string{"KUBECONFIG": tt.env, "HOME": "/none"})
			_, err := Connect(t.Context(), tt.o)
			p := problem.Of(err)
			if p == nil || p.Reason != problem.WrongInput || p.Next == "" {
				t.Fatalf("got %+v", p)
			}
			text := p.Error() + " " + p.Next
			for _, want := range tt.says {
				if !strings.Contains(text, want) {
					t.Errorf("%q does not say %q", text, want)
				}
			}
			if strings.Contains(text, hidden) {
				t.Errorf("%q shows what is to be hidden", text)
			}
		})
	}
}
