package apifailure

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AboutSecret returns the API server's refusal of a request on a Secret without
// anything that it quotes of the Secret: of each cause the field and the rule stay, and
// of an admission's refusal who refused. A refused patch is quoted as a whole otherwise,
// with every value in it, and short ones cannot be told from words. what is the Secret for
// people, or the ConfigMap that a record is in: packed as it is, nobody finds the secrets of
// the chart in what is quoted of it.
func AboutSecret(s metav1.Status, what string) metav1.Status {
	if s.Details != nil {
		details := *s.Details
		details.Causes = make([]metav1.StatusCause, len(s.Details.Causes))
		for i, cause := range s.Details.Causes {
			details.Causes[i] = metav1.StatusCause{Type: cause.Type, Field: fieldPath(cause.Field), Message: ruleOf(cause.Message)}
		}
		s.Details = &details
	}
	s.Message = secretMessage(s, what)
	return s
}

// whatIsHidden says why a part of a message is not shown.
const whatIsHidden = "the rest of the message is not shown, since it may quote a secret"

// secretMessage returns the message of a refusal in which nothing is quoted.
func secretMessage(s metav1.Status, what string) string {
	for _, plain := range plainMessages {
		if plain.MatchString(s.Message) {
			return s.Message
		}
	}
	if by := refusedBy.FindString(s.Message); by != "" {
		return by + ": " + whatIsHidden
	}
	if at := webhookFailed.FindStringSubmatch(s.Message); at != nil {
		if why := webhookTrouble.FindString(s.Message); why != "" {
			return at[1] + ": " + why
		}
		return at[1] + ": " + whatIsHidden
	}
	switch code := int(s.Code); {
	case code == http.StatusUnprocessableEntity && s.Details != nil && len(s.Details.Causes) > 0:
		causes := make([]string, len(s.Details.Causes))
		for i, cause := range s.Details.Causes {
			causes[i] = cause.Field + ": " + cause.Message
		}
		return fmt.Sprintf("%s is invalid: %s", what, strings.Join(causes, "; "))
	case code == http.StatusBadRequest:
		return fmt.Sprintf("%s cannot be read: %s", what, ruleOf(s.Message))
	}
	return fmt.Sprintf("the answer to a request on %s was %d %s; %s", what, s.Code, http.StatusText(int(s.Code)), whatIsHidden)
}

// named matches an object's name in quotes.
const named = `"[\w.:-]*"`

var (
	// plainMessages are those in which nothing of an object can be quoted.
	plainMessages = []*regexp.Regexp{
		denial,
		regexp.MustCompile(`^(?:secrets|configmaps)(?: ` + named + `)? (?:not found|already exists)$`),
		regexp.MustCompile(`^Operation cannot be fulfilled on (?:secrets|configmaps) ` + named + `: (?:the object has been modified; ` +
			`please apply your changes to the latest version and try again|[\w ]*[Pp]recondition failed: [\w :,.-]*)$`),
		regexp.MustCompile(`^(?:secrets|configmaps)(?: ` + named + `)? is forbidden: (?:unable to create new content in namespace [a-z0-9-]+ ` +
			`because it is being terminated|exceeded quota: [\w.,:/= -]+)$`),
		regexp.MustCompile(`^(?:Unauthorized|the server is currently unable to handle the request|` +
			`(?:Internal error occurred: )?etcdserver: [a-z ,]+|` +
			`[Rr]equest (?:entity )?(?:is )?too large[\w :,.()]*|Timeout: request did not complete within [\w -]+|` +
			`Too many requests[\w ,.:]*|the server (?:could not find|has asked|does not|was unable)[\w ,.()-]*|` +
			`rpc error: code = \w+ desc = [\w :,.()-]*)$`),
	}
	// refusedBy matches how an admission's refusal begins.
	refusedBy = regexp.MustCompile(`^(?:(?:secrets|configmaps)(?: ` + named + `)? is forbidden: )?` +
		`(?:admission webhook "[\w.-]+" denied the request|ValidatingAdmissionPolicy '[\w.-]+'(?: with binding '[\w.-]+')? denied request)`)
	webhookFailed  = regexp.MustCompile(`^(?:Internal error occurred: )?(failed calling webhook "[\w.-]+")`)
	webhookTrouble = regexp.MustCompile(`context deadline exceeded|connection refused|no endpoints available for service "[\w./-]+"|` +
		`service "[\w./-]+" not found|no such host|x509: [a-z ,]+|i/o timeout|EOF$`)
)

// notField are the characters that no field's path has.
var notField = regexp.MustCompile(`[^\w.\[\]/$ -]`)

// fieldPath returns a cause's field, which may hold keys.
func fieldPath(field string) string {
	const most = 120
	field = notField.ReplaceAllString(field, "?")
	return field[:min(len(field), most)]
}

var (
	wrongType = regexp.MustCompile(`cannot unmarshal (number|bool|string|array|object)\b.* into Go ` +
		`(?:struct field (?:Secret|ConfigMap)\.([\w.-]+)|value) of type ([\w.\[\]*]+)`)
	kindOf = regexp.MustCompile(`^(?:Invalid value|Unsupported value|Duplicate value|Required value|Forbidden|Too long|Too many|Too few|` +
		`Too short|Not found|Internal error)\b`)
	// rules are what a message ends with that says what is wrong, and nothing of the
	// value.
	rules = []*regexp.Regexp{
		regexp.MustCompile(`illegal base64 data at input byte \d+$`),
		regexp.MustCompile(`field is immutable(?: when [` + "`" + `'\w ]+ is set)?$`),
		regexp.MustCompile(`(?:may not be more than|must be no more than|must have at most) \d+ (?:bytes|characters|items)$`),
		regexp.MustCompile(`strict decoding error: (?:(?:unknown|duplicate) field "[\w.\[\]/-]+"(?:, )?)+$`),
		regexp.MustCompile(`(?:unknown|duplicate) field "[\w.\[\]/-]+"$`),
		regexp.MustCompile(`must not be set when [\w. ]+ is set$`),
		regexp.MustCompile(`unexpected end of JSON input$`),
	}
	// longRules are followed by examples and an expression.
	longRules = regexp.MustCompile(`a valid config key must consist of alphanumeric characters, '-', '_' or '\.'|` +
		`a lowercase RFC 1123 (?:subdomain|label) must consist of lower case alphanumeric characters|` +
		`name part must consist of alphanumeric characters|a valid label must be an empty string or consist of alphanumeric characters`)
)

// ruleOf returns what a cause's message says is wrong, without the value.
func ruleOf(message string) string {
	rule := ""
	if at := wrongType.FindStringSubmatch(message); at != nil {
		rule = fmt.Sprintf("got %s, want %s", at[1], at[3])
		if at[2] != "" {
			rule = at[2] + ": " + rule
		}
	}
	for _, known := range rules {
		if rule == "" {
			rule = known.FindString(message)
		}
	}
	if rule == "" {
		rule = longRules.FindString(message)
	}
	kind := kindOf.FindString(message)
	switch {
	case rule == "" && message == kind && kind != "":
		return kind
	case rule == "":
		rule = whatIsHidden
	}
	if kind == "" {
		return rule
	}
	return kind + ": " + rule
}

var (
	// inDescription begins an error about an object in what Helm describes a failure as.
	inDescription = regexp.MustCompile(`(?s)(?:with kind Secret: |failed to create resource: )(.+)$`)
	// quotesValue matches how an error quotes a value or a whole object.
	quotesValue = regexp.MustCompile(`value: (?:["{\[\d]|map\[)|cannot be handled as a Secret|denied (?:the )?request: `)
)

// InDescription returns the description of a revision without what an error about a
// Secret quotes in it. Helm itself stores such errors whole, and older versions of Berth
// did. What follows them in the text goes as well: where the quotation ends cannot be
// told.
func InDescription(description string) string {
	at := inDescription.FindStringSubmatchIndex(description)
	if at == nil {
		return description
	}
	said := description[at[2]:]
	if !strings.Contains(description[at[0]:], "Secret") || !quotesValue.MatchString(said) || strings.Contains(said, whatIsHidden) {
		return description
	}
	return description[:at[2]] + ruleOf(said)
}
