package probe

import "testing"

func TestEveryStepHasAdvice(t *testing.T) {
	for _, step := range []Step{StepName, StepConnect, StepTLS, StepAnswer, StepExpect, StepProxy, StepVersion} {
		if next := (&Failure{Step: step}).Next(); next == (&Failure{}).Next() {
			t.Errorf("%s: %s", step, next)
		}
	}
}
