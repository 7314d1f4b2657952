package ci

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// gitTime bounds each question to git, which may wait for a lock or a slow disk.
const gitTime = 3 * time.Second

// The refs of branches, here and as a remote has them. The short form of one is another where a
// tag is called the same.
const (
	heads   = "refs/heads/"
	remotes = "refs/remotes/"
)

// Git returns what the checkout in a folder, "" for the working one, says of the branch that
// somebody is on, by hand and outside of any CI. It is empty where there is no checkout, no
// git, or no branch. environ is that of the process, in the form of os.Environ. Nothing in
// the checkout is run: neither hooks nor a file system monitor. Nor is a folder of it taken
// for a repository of its own, in the form that servers have them: a branch can bring one,
// which says that it is another branch.
//
// Which branch is the default one is known where the remote's HEAD was fetched, as by a clone;
// elsewhere any may be, and Subject takes none.
//
// What was checked out as a pull request, by its own ref, is called like the branch of the fork
// that it comes from, and is none of this repository's. Nor does a name tell the branch where a
// remote has one of that name and the checkout does not follow it: it may be a pull request's
// that was fetched under that name, or be pushed to a fork. why then says so, in a clause, and the
// repository is all that is known.
func Git(ctx context.Context, folder string, environ []string) (c Context, why string) {
	ask := func(args ...string) string {
		ctx, cancel := context.WithTimeout(ctx, gitTime)
		defer cancel()
		safe := []string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit"}
		cmd := exec.CommandContext(ctx, "git", append(safe, args...)...)
		cmd.Dir, cmd.Env = folder, environ
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimRight(string(out), "\r\n")
	}
	branch, isBranch := strings.CutPrefix(ask("symbolic-ref", "--quiet", "HEAD"), heads)
	merges := ask("config", "--get", "branch."+branch+".merge")
	if !isBranch || merges != "" && !strings.HasPrefix(merges, heads) {
		return Context{}, ""
	}
	remote := ask("config", "--get", "branch."+branch+".remote")
	if remote == "" || remote == "." {
		remote = "origin"
	}
	c.Host, c.Repository = parseRemote(ask("remote", "get-url", remote))
	if c.Repository == "" {
		return Context{}, ""
	}
	if head, ok := strings.CutPrefix(ask("symbolic-ref", "--quiet", remotes+remote+"/HEAD"), remotes+remote+"/"); ok {
		c.DefaultBranch = head
	}
	if why = elsewhere(ask, branch, remote, merges == heads+branch); why != "" {
		return c, why
	}
	c.Branch, c.OnRef, c.SHA, c.HeadRepository = branch, true, ask("rev-parse", "--verify", "--quiet", "HEAD"), c.Repository
	return c, ""
}

// elsewhere returns why a branch need not be the one of that name on the remote, as a clause, or
// "". follows says that the checkout follows that one.
func elsewhere(ask func(args ...string) string, branch, remote string, follows bool) string {
	for _, key := range []string{"branch." + branch + ".pushRemote", "remote.pushDefault"} {
		if to := ask("config", "--get", key); to != "" {
			if to == remote {
				break
			}
			return fmt.Sprintf("git is on %s, which it pulls from %s and pushes to another place (%s)", branch, remote, key)
		}
	}
	if follows {
		return ""
	}
	for of := range strings.Lines(ask("remote")) {
		of = strings.TrimSpace(of)
		if ask("rev-parse", "--verify", "--quiet", remotes+of+"/"+branch) != "" {
			return fmt.Sprintf("git is on %s, and does not say that it is the one that %s has; "+
				"git branch --set-upstream-to tells it", branch, of)
		}
	}
	return ""
}

// shortRemote is git's own form of an address: git@github.com:acme/shop.git.
var shortRemote = regexp.MustCompile(`^(?:[^@/:]+@)?([^@/:]+):([^:].*)$`)

// parseRemote returns the host and the owner/name of a remote's address; empty where it is no
// address of a server.
func parseRemote(address string) (host, repository string) {
	path := ""
	if u, err := url.Parse(address); err == nil && u.Host != "" && u.Scheme != "file" {
		host, path = u.Hostname(), u.Path
	} else if m := shortRemote.FindStringSubmatch(address); m != nil && !strings.Contains(address, "://") {
		host, path = m[1], m[2]
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if !strings.Contains(host, ".") || !strings.Contains(path, "/") { // an alias of ssh's is no name of the server
		return "", ""
	}
	return host, path
}
