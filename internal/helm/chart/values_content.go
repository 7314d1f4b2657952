package chart

import (
	"errors"

	"github.com/berth-dev/berth/internal/problem"
)

// readContent reads the values of Content, and hides each text in it.
func (v Values) readContent() (map[string]any, error) {
	if v.Content == "" {
		return nil, nil
	}
	const tried = "read values-content"
	if len(v.Content) > maxInput {
		return nil, invalidValues(tried, tooLarge("it", maxInput), "Give what is not secret as a file.")
	}
	_, values, err := parseDocument(tried, []byte(v.Content), problem.Place{})
	if err != nil { // which may quote it
		where := ""
		if at := yamlLine.FindStringSubmatch(errors.Unwrap(err).Error()); at != nil {
			where = " (line " + at[1] + ")"
		}
		return nil, invalidValues(tried, errors.New("it is not one YAML document with a map of values"+where), "Correct the YAML.")
	}
	if v.Hide != nil {
		v.Hide(textsIn(values)...)
	}
	return values, nil
}

// TextsOfContent returns the texts in values-content: of a run that renders nothing, too, the app
// and its hooks may quote them. It returns none of what cannot be read.
func TextsOfContent(content string) []string {
	if content == "" || len(content) > maxInput {
		return nil
	}
	_, values, err := parseDocument("read values-content", []byte(content), problem.Place{})
	if err != nil {
		return nil
	}
	return textsIn(values)
}

// textsIn returns the texts among values.
func textsIn(value any) (texts []string) {
	switch value := value.(type) {
	case string:
		texts = append(texts, value)
	case map[string]any:
		for _, each := range value {
			texts = append(texts, textsIn(each)...)
		}
	case []any:
		for _, each := range value {
			texts = append(texts, textsIn(each)...)
		}
	}
	return texts
}
