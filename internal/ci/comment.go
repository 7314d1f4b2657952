package ci

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/verb"
)

// Comment is the comment that an event is about. Its text is not kept: it is anybody's.
type Comment struct {
	ID      int64
	Command verb.Verb // that it is, or Nothing
	Login   string    // of who wrote it: letters, digits and dashes; empty where the event names nobody
	UserID  int64
	Person  bool // a person wrote it, and no bot
	// Asked says that the platform was asked about the command: the rest of the Context is
	// what it says of the pull request, and Refused why its author may not command, as a
	// clause, or "".
	Asked   bool
	Refused string
}

// comment is a comment in a payload.
type comment struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User user   `json:"user"`
}

// loginPattern is what GitHub allows for a person's name.
var loginPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

func (c comment) read() Comment {
	read := Comment{ID: c.ID, Command: commandOf(c.Body), UserID: c.User.ID, Person: c.User.Type == "User"}
	if loginPattern.MatchString(c.User.Login) {
		read.Login = c.User.Login
	}
	return read
}

// codeIndent is the indent of a line from which on Markdown takes it for code.
const codeIndent = 4

// commandOf returns the verb that a comment's text commands, or Nothing: its first line is the
// command and nothing else. A command takes no options: whoever may comment is not who may
// write the workflow.
func commandOf(body string) verb.Verb {
	line, _, _ := strings.Cut(body, "\n")
	line = strings.TrimRight(line, " \t\r")
	command := strings.TrimLeft(line, " ")
	if len(line)-len(command) >= codeIndent {
		return Nothing
	}
	switch command {
	case "/deploy":
		return verb.Deploy
	case "/check":
		return verb.Check
	case "/teardown":
		return verb.Teardown
	}
	return Nothing
}

// Commands reports whether an event is a comment that commands something, as far as the event
// tells. Whether its author may, and what it is about, the platform has to be asked.
func Commands(c Context, p Policy) bool {
	return p.Commands && c.Event.Name == "issue_comment" && c.noCommand() == ""
}

// noCommand returns why a comment is no command, as a clause, or "".
func (c Context) noCommand() string {
	switch m := c.Comment; {
	case c.Event.Action != "created":
		return "a comment commands when it is made, and not when it is changed"
	case c.Mention.PullRequest < 1 && !m.Asked:
		return "the comment is on an issue, which has no review app"
	case m.Command == Nothing:
		return "the comment is no command"
	case !m.Person:
		return "the comment is not a person's"
	case m.Login == "" || m.UserID < 1 || m.ID < 1:
		return "the event does not say who wrote the comment"
	}
	return ""
}

// commentIntent returns what a comment asks for. What the inputs label and drafts keep from
// having a review app, a command does not give one.
func commentIntent(c Context, p Policy) Intent {
	m := c.Comment
	why := c.noCommand()
	switch {
	case why != "":
		return nothing("%s", why)
	case !m.Asked:
		return nothing("it is not known whether %s may write to the repository", m.Login)
	case m.Refused != "":
		return nothing("%s", m.Refused)
	}
	reason := fmt.Sprintf("pull request %d was given the command /%s by %s", c.PullRequest, m.Command, m.Login)
	if m.Command == verb.Deploy {
		return wanted(c, p, reason)
	}
	return Intent{m.Command, reason}
}
