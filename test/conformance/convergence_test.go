//go:build conformance

package conformance

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/test/faultproxy"
)

// convergence are the rows about this: a deploy has to bring an object to what the chart says.
var convergence = slices.Concat(mends, baselines)

// mends are the rows in which an object lives otherwise, and a patch of Helm's would
// not change that.
var mends = []row{
	{ID: "T100", Setup: "v1, an upgrade fails in its hook, before it reaches a custom resource",
		Action: "deploy the same", End: "the custom resource is as the chart says", Exit: "0, 0", run: func(s *fixture) {
			s.withBoat()
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "replicas=2", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
			s.has(boat(s), "spec", `{"flag":"red","of":["a","b"],"size":1}`)
			s.berth("deploy", "--set", "replicas=2").exit(0)
			s.has(boat(s), "spec", `{"flag":"red","of":["a","b"],"size":2}`)
			s.berth("check").exit(0)
		}},
	{ID: "T101", Setup: "v1, an upgrade is killed before its patch of a custom resource",
		Action: "deploy the same", End: "the custom resource is as the chart says", Exit: "0 + warning, 0", run: func(s *fixture) {
			s.withBoat()
			s.berth("deploy").exit(0)
			p := s.proxy()
			s.killBefore(p, faultproxy.Match{Verb: "patch", Resource: "boats"}, "deploy", "--set", "replicas=2")
			s.untilDead()
			s.berth("deploy", "--set", "replicas=2").exit(0).warned("Release repaired")
			s.has(boat(s), "spec", `{"flag":"red","of":["a","b"],"size":2}`)
			s.berth("check").exit(0)
		}},
	{ID: "T102", Setup: "v1, a custom resource is edited by hand", Action: "check, deploy the same, check",
		End: "the custom resource is as the chart says", Exit: "24, 0, 0", run: func(s *fixture) {
			s.withBoat()
			s.berth("deploy").exit(0)
			s.patch("kubectl-edit", boat(s), `{"spec":{"size":9,"of":["x"],"more":true}}`)
			s.berth("check").exit(24).says("Boat/web: spec.size is `9`, the record says `1`")
			s.berth("deploy").exit(0)
			s.has(boat(s), "spec", `{"flag":"red","more":true,"of":["a","b"],"size":1}`) // a key that no manifest sets stays
			s.berth("check").exit(0)
		}},
	{ID: "T103", Setup: "v1, a field of a CRD among the templates is edited by hand", Action: "check, deploy the same, check",
		End: "the CRD is as the chart says", Exit: "24, 0, 0", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.chartWith("templates/crd.yaml", strings.Replace(s.crd("Boat"), "storage: true", "storage: true\n      deprecated: false", 1))
			s.t.Cleanup(func() { s.deleteDefinition("Boat") })
			s.berth("deploy").exit(0)
			crd := object{"apiextensions.k8s.io/v1", "customresourcedefinitions", plural("Boat") + "." + s.group()}
			const schema = `{"type":"object"}`
			s.patch("kubectl-edit", crd, `{"spec":{"versions":[{"name":"v1","served":true,"storage":true,"deprecated":true,`+
				`"schema":{"openAPIV3Schema":`+schema+`}}]}}`)
			s.berth("check").exit(24).says("deprecated")
			s.berth("deploy").exit(0)
			s.has(crd, "spec.versions", `[{"name":"v1","schema":{"openAPIV3Schema":`+schema+`},"served":true,"storage":true}]`)
			s.berth("check").exit(0)
		}},
	{ID: "T104", Setup: "v1, a Service gets a port for UDP beside the same one for TCP, and loses it again",
		Action: "deploy, check, deploy, check", End: "the Service has the ports of the chart, and the node port it had",
		Exit: "0, 0, 0, 0", run: func(s *fixture) {
			s.chartWith("templates/dns.yaml", dns)
			s.berth("deploy").exit(0)
			service := object{"v1", "services", "dns"}
			node := s.live(service, "spec.ports")
			s.berth("deploy", "--set", "greeting=udp").exit(0)
			s.berth("check").exit(0)
			if both := s.live(service, "spec.ports"); !strings.Contains(both, "UDP") || !strings.HasPrefix(both, strings.TrimSuffix(node, "]")) {
				s.t.Errorf("the ports were %s and are %s", node, both)
			}
			s.berth("deploy").exit(0)
			s.has(service, "spec.ports", node)
			s.berth("check").exit(0)
		}},
	{ID: "T105", Setup: "v1 has a variable twice", Action: "deploy it once, check", End: "the container has it once",
		Exit: "0, 0", run: func(s *fixture) {
			s.chartWith("templates/twice.yaml", twice)
			s.berth("deploy", "--set", "greeting=twice").exit(0)
			s.berth("deploy").exit(0)
			s.has(object{"apps/v1", "deployments", "twice"}, "spec.template.spec.containers.0.env", `[{"name":"A","value":"2"}]`)
			s.berth("check").exit(0)
		}},
	{ID: "T106", Setup: "v1, a container and a port are added by hand", Action: "check, deploy the same, check, deploy",
		End: "they are as the chart says; the last deploy writes nothing but the record", Exit: "24, 0, 0, 0", run: func(s *fixture) {
			s.chartWith("templates/twice.yaml", twice)
			s.berth("deploy").exit(0)
			web, service := object{"apps/v1", "deployments", "twice"}, object{"v1", "services", "web"}
			s.strategic("kubectl-edit", web,
				`{"spec":{"template":{"spec":{"containers":[{"name":"debug","image":"registry.example/debug:1"}]}}}}`)
			s.strategic("kubectl-patch", service, `{"spec":{"ports":[{"port":80,"name":"http"},{"port":81,"name":"more"}]}}`)
			s.berth("check").exit(24).says("containers[debug]", "ports[81]")
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
			before := s.versions(web, service)
			s.berth("deploy").exit(0)
			s.has(web, "spec.template.spec.containers.#", "1")
			s.has(service, "spec.ports.#", "1")
			if after := s.versions(web, service); after != before {
				s.t.Errorf("an unchanged deploy wrote the objects: %s, before %s", after, before)
			}
		}},
}

// dns is a Service whose ports share a number where the greeting says so.
const dns = `
apiVersion: v1
kind: Service
metadata: {name: dns}
spec:
  type: NodePort
  selector: {app: dns}
  ports:
    - {name: tcp, port: 53, protocol: TCP}
    {{- if eq .Values.greeting "udp" }}
    - {name: udp, port: 53, protocol: UDP}
    {{- end }}
`

// twice is a Deployment that has a variable twice where the greeting says so.
const twice = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: twice}
spec:
  replicas: 1
  selector: {matchLabels: {app: twice}}
  template:
    metadata: {labels: {app: twice}}
    spec:
      containers:
        - name: app
          image: {{ .Values.image }}
          readinessProbe: {tcpSocket: {port: 80}}
          env:
            {{- if eq .Values.greeting "twice" }}
            - {name: A, value: "1"}
            {{- end }}
            - {name: A, value: "2"}
`

// withBoat has the chart bring a custom resource, with as many of size as there are
// replicas.
func (s *fixture) withBoat() {
	s.t.Helper()
	s.boats()
	s.chartWith("templates/boat.yaml", "apiVersion: "+s.group()+"/v1\nkind: Boat\nmetadata: {name: web}\n"+
		"spec: {size: {{ .Values.replicas }}, flag: red, of: [a, b]}\n")
}

// boat is the custom resource of withBoat.
func boat(s *fixture) object { return object{s.group() + "/v1", "boats", "web"} }
