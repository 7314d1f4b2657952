package health

import (
	"regexp"
	"strings"
)

// What a kubelet is told passes through several hands, each of which puts its own words
// before it. These functions take them off; where the form is another, all is kept.

// afterCode returns what a runtime or a driver says behind its code: "rpc error: code =
// Unknown desc = WHY".
func afterCode(message string) string {
	if i := strings.LastIndex(message, " desc = "); i >= 0 {
		return message[i+len(" desc = "):]
	}
	return message
}

// pullSteps matches the steps of a pull, which name the image once more each.
var pullSteps = regexp.MustCompile(`(?i)^(?:` + strings.Join([]string{
	`back-off pulling image "[^"]*": `, `errimagepull: `, `failed to pull image "[^"]*": `,
	`failed to (?:pull and unpack|copy|resolve)(?: image| reference)?(?: "[^"]*")?: `, `failed to (?:authorize|do request): `,
	`pulling from host \S+ failed with status code (?:\[[^\]]*\])?: `, `failed to fetch (?:anonymous|oauth) token: `,
	`httpreadseeker: failed open: `, `"?[^\s"]*/[^\s"]*"?: `, `: `,
}, "|") + `)`)

// shortPull returns why a pull failed.
func shortPull(message string) string {
	short := afterCode(message)
	for {
		rest := pullSteps.ReplaceAllString(short, "")
		if rest == short || rest == "" {
			return short
		}
		short = rest
	}
}

var (
	execFails = regexp.MustCompile(`exec: .*`)
	toStart   = regexp.MustCompile(`^.*unable to start container process: (?:error during container init: )?`)
)

// shortStart returns why a container cannot be started.
func shortStart(message string) string {
	short := strings.TrimSuffix(afterCode(message), ": unknown")
	if found := execFails.FindString(short); found != "" {
		return found
	}
	return toStart.ReplaceAllString(short, "")
}

// preemption is what the scheduler says behind why no node takes a pod: that making room
// would not help.
var preemption = regexp.MustCompile(`(?:no new claims to deallocate, )?preemption: .*$`)

// shortScheduling returns why no node takes a pod.
func shortScheduling(message string) string {
	return strings.TrimSuffix(strings.TrimSpace(preemption.ReplaceAllString(message, "")), ".")
}
