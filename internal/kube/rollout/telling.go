package rollout

import (
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// linesBefore is how many lines are kept before the one that tells why.
const linesBefore = 4

// telling returns the lines of a log that are kept, and that one of them which tells why
// its program ended. These are the last ones, unless a stack follows that line which is
// longer: then they begin shortly before it. No line is changed, so that a secret in one is
// found.
func telling(lines []string) (kept []string, why string) {
	at := tellingLine(lines)
	if at < 0 {
		return lines[max(0, len(lines)-linesKept):], ""
	}
	from := max(0, min(len(lines)-linesKept, at-linesBefore))
	return lines[from:min(len(lines), from+linesKept)], lines[at]
}

// How programs say why they end. Each is the form of a language's own runtime.
var (
	goEnds     = regexp.MustCompile(`^(?:panic: |fatal error: )`)
	javaEnds   = regexp.MustCompile(`^Exception in thread "`)
	javaCause  = regexp.MustCompile(`^Caused by: `)
	pythonTree = regexp.MustCompile(`^Traceback \(most recent call last\):`)
	nodeEnds   = regexp.MustCompile(`^(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?(?:: |$)`)
	nodeFrame  = regexp.MustCompile(`^\s+at \S`)
)

// tellingLine returns which line tells why a program ended: the first of a panic, the
// last cause of an exception, the error itself before or behind its stack; else the last
// one that speaks of an error or, where none of the last few does, that says anything; -1
// in an empty log.
func tellingLine(lines []string) int {
	clean := make([]string, len(lines))
	for i, line := range lines {
		clean[i] = strings.TrimRight(text.Clean(line), " \t")
	}
	for _, find := range []func([]string) int{goPanic, javaException, pythonError, nodeError, lastSaid} {
		if at := find(clean); at >= 0 {
			return at
		}
	}
	return -1
}

func goPanic(lines []string) int { return first(lines, 0, goEnds) }

// javaException returns the last cause of the last exception that ended a thread.
func javaException(lines []string) int {
	at := last(lines, javaEnds)
	if at < 0 {
		return -1
	}
	return max(at, last(lines[at:], javaCause)+at)
}

// pythonError returns the line behind the last stack, which Python prints before it.
func pythonError(lines []string) int {
	at := last(lines, pythonTree)
	if at < 0 {
		return -1
	}
	for i := at + 1; i < len(lines); i++ {
		if lines[i] != "" && lines[i] == strings.TrimLeft(lines[i], " \t") {
			return i
		}
	}
	return -1
}

// nodeError returns the last error that a stack follows. Its message may have lines of
// its own.
func nodeError(lines []string) int {
	const messageLines = 6
	for i := len(lines) - 1; i >= 0; i-- {
		if nodeEnds.MatchString(lines[i]) && first(lines[:min(len(lines), i+messageLines)], i+1, nodeFrame) >= 0 {
			return i
		}
	}
	return -1
}

// errorSaid matches what a line says that tells of an error.
var errorSaid = regexp.MustCompile(`(?i)\b(?:error|fatal|failed|failure|cannot|can't|could not|unable|denied|refused|invalid|missing|` +
	`not found|does not exist|no such)\b`)

// lastSaid returns the last line that speaks of an error, among the last few: what a
// program prints to its two streams comes in any order, and some say goodbye.
func lastSaid(lines []string) int {
	const few = 5
	at, looked := -1, 0
	for i := len(lines) - 1; i >= 0 && looked < few; i-- {
		if strings.TrimSpace(lines[i]) == "" {
			continue
		}
		if errorSaid.MatchString(lines[i]) {
			return i
		}
		if looked++; at < 0 {
			at = i
		}
	}
	return at
}

func first(lines []string, from int, what *regexp.Regexp) int {
	for i := from; i < len(lines); i++ {
		if what.MatchString(lines[i]) {
			return i
		}
	}
	return -1
}

func last(lines []string, what *regexp.Regexp) int {
	for i := len(lines) - 1; i >= 0; i-- {
		if what.MatchString(lines[i]) {
			return i
		}
	}
	return -1
}
