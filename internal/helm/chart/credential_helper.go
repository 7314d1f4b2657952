package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

const (
	// maxHelperAnswer and maxComplaint bound what is kept of what a helper prints.
	maxHelperAnswer = 1 << 20
	maxComplaint    = 4 << 10
	// nothingStored is how a helper says that it has no credential.
	nothingStored = "credentials not found in native keychain"
	// tokenUser is the user of a credential that is a token.
	tokenUser = "<token>"
)

// helperName keeps the name of a program from being a path.
var helperName = regexp.MustCompile(`^[\w.-]+$`)

// askHelper asks a credential helper (docker-credential-…), which has until ctx ends. What it
// prints beside its answer is no part of the log: it may quote secrets, and what a CI takes
// for a command.
func askHelper(ctx context.Context, helper, server string, logf func(string, ...any)) (auth.Credential, error) {
	if !helperName.MatchString(helper) {
		return auth.EmptyCredential, errors.New("the registry credentials file names a credential helper that is none")
	}
	program := "docker-credential-" + helper
	answer, complaint := &cappedBuffer{limit: maxHelperAnswer}, &cappedBuffer{limit: maxComplaint}
	cmd := exec.CommandContext(ctx, program, "get")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(server), answer, complaint
	cmd.WaitDelay = time.Second // a child of its own may keep the output open
	err := cmd.Run()
	if said := complaint.quoted(); said != "" {
		logf("%s: %s", program, said)
	}
	switch {
	case err == nil:
	case strings.TrimSpace(answer.String()) == nothingStored:
		return auth.EmptyCredential, nil
	case ctx.Err() != nil:
		return auth.EmptyCredential, fmt.Errorf("the credential helper %s did not end: %w", program, context.Cause(ctx))
	default:
		said := text.After(": ", answer.quoted()) + text.After(": ", complaint.quoted())
		return auth.EmptyCredential, fmt.Errorf("the credential helper %s failed for %s: %w%s", program, sanitize(server), err, said)
	}
	var given struct{ Username, Secret string }
	if json.Unmarshal(answer.Bytes(), &given) != nil {
		return auth.EmptyCredential, fmt.Errorf("what the credential helper %s printed for %s is no credential", program, sanitize(server))
	}
	if given.Username == tokenUser {
		return auth.Credential{RefreshToken: given.Secret}, nil
	}
	return auth.Credential{Username: given.Username, Password: given.Secret}, nil
}

// cappedBuffer keeps the first limit bytes that are written to it.
type cappedBuffer struct {
	bytes.Buffer
	limit int
}

// Write implements io.Writer.
func (c *cappedBuffer) Write(b []byte) (int, error) {
	c.Buffer.Write(b[:min(len(b), c.limit-c.Len())])
	return len(b), nil
}

// quoted returns what was written, as a part of one line. It may be the very credentials.
func (c *cappedBuffer) quoted() string {
	const most = 300
	return text.CutRunes(secrets.InLine(text.OneLine(c.String())), most)
}
