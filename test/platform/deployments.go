package platform

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const hubDeployments = "/api/v3/repos/acme/shop/deployments"

// Deployment is one of GitHub's.
type Deployment struct {
	ID          int64
	Environment string
	Ref         string
	Transient   bool
	Payload     json.RawMessage
	States      []string // oldest first
	URL, Log    string   // of the last status that has one
}

// Deployments are those that were made, oldest first.
func (f *Fake) Deployments() (all []Deployment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.deployed {
		one := *d
		one.States = slices.Clone(d.States)
		all = append(all, one)
	}
	return all
}

// Deploys adds a deployment, as somebody makes it, with its last status.
func (f *Fake) Deploys(environment, payload, state string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	f.deployed = append(f.deployed, &Deployment{ID: f.next, Environment: environment, Payload: json.RawMessage(payload),
		States: []string{state}})
}

// deployments answers below the address of the deployments.
func (f *Fake) deployments(w http.ResponseWriter, r *http.Request, below string) {
	if below == "" {
		f.deploymentList(w, r)
		return
	}
	id, what, _ := strings.Cut(below, "/")
	i := slices.IndexFunc(f.deployed, func(d *Deployment) bool { return strconv.FormatInt(d.ID, 10) == id })
	if i < 0 || what != "statuses" {
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
		return
	}
	d := f.deployed[i]
	if r.Method == http.MethodPost {
		f.addStatus(w, r, d)
		return
	}
	all := []any{}
	for _, state := range slices.Backward(d.States) {
		all = append(all, map[string]any{"id": 1, "state": state})
	}
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	answer(w, http.StatusOK, all[:min(len(all), size)])
}

func (f *Fake) addStatus(w http.ResponseWriter, r *http.Request, d *Deployment) {
	var sent struct {
		State string `json:"state"`
		Log   string `json:"log_url"`
		URL   string `json:"environment_url"`
	}
	if json.NewDecoder(r.Body).Decode(&sent) != nil ||
		!slices.Contains([]string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}, sent.State) {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"})
		return
	}
	d.States = append(d.States, sent.State)
	if sent.URL != "" {
		d.URL = sent.URL
	}
	if sent.Log != "" {
		d.Log = sent.Log
	}
	answer(w, http.StatusCreated, map[string]any{"id": 1, "state": sent.State})
}

func (f *Fake) deploymentList(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var sent struct {
			Ref         string          `json:"ref"`
			AutoMerge   *bool           `json:"auto_merge"`
			Contexts    []string        `json:"required_contexts"`
			Environment string          `json:"environment"`
			Payload     json.RawMessage `json:"payload"`
			Transient   bool            `json:"transient_environment"`
		}
		// Without these two, GitHub merges the default branch and asks for every check.
		if json.NewDecoder(r.Body).Decode(&sent) != nil || sent.Ref == "" || sent.AutoMerge == nil || *sent.AutoMerge || sent.Contexts == nil {
			answer(w, http.StatusConflict, map[string]string{"message": "Conflict: Commit status checks failed for master."})
			return
		}
		f.next++
		d := &Deployment{ID: f.next, Environment: sent.Environment, Ref: sent.Ref, Payload: sent.Payload, Transient: sent.Transient}
		f.deployed = append(f.deployed, d)
		answer(w, http.StatusCreated, deploymentJSON(d))
		return
	}
	all := []any{}
	for _, d := range slices.Backward(f.deployed) {
		if wanted := r.URL.Query().Get("environment"); wanted == "" || wanted == d.Environment {
			all = append(all, deploymentJSON(d))
		}
	}
	answer(w, http.StatusOK, all)
}

func deploymentJSON(d *Deployment) any {
	return map[string]any{"id": d.ID, "environment": d.Environment, "ref": d.Ref, "payload": d.Payload}
}
