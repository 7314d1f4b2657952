package contents

import (
	"reflect"
	"testing"
)

// What a patch cannot express is laid over what lives: afterwards nothing differs,
// and what the server and others have set is as it was.
func TestOverlay(t *testing.T) {
	const (
		service    = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: "
		deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: "
		custom     = "{apiVersion: x.io/v1, kind: DB, metadata: {name: d}, spec: "
	)
	for name, c := range map[string]struct{ manifest, live, want string }{
		"nothing": {service + "{ports: [{port: 80}]}}", service + "{clusterIP: 10.0.0.1, ports: [{port: 80, protocol: TCP, nodePort: 30000}]}}",
			service + "{clusterIP: 10.0.0.1, ports: [{port: 80, protocol: TCP, nodePort: 30000}]}}"},
		"a port of the same number": {service + "{ports: [{name: t, port: 53, protocol: TCP}, {name: u, port: 53, protocol: UDP}]}}",
			service + "{clusterIP: 10.0.0.1, ports: [{name: u, port: 53, protocol: UDP, nodePort: 30000}]}}",
			service + "{clusterIP: 10.0.0.1, ports: [{name: u, port: 53, protocol: UDP, nodePort: 30000}, {name: t, port: 53, protocol: TCP}]}}"},
		"a port of the same number that goes": {service + "{ports: [{name: t, port: 53, protocol: TCP}]}}",
			service + "{ports: [{name: u, port: 53, protocol: UDP, nodePort: 30001}, {name: t, port: 53, protocol: TCP, nodePort: 30000}]}}",
			service + "{ports: [{name: t, port: 53, protocol: TCP, nodePort: 30000}]}}"},
		"a container by hand": {deployment + "{containers: [{name: web, image: a}]}}}}",
			deployment + "{dnsPolicy: ClusterFirst, containers: [{name: x, image: y}, {name: web, image: b, imagePullPolicy: Always}]}}}}",
			deployment + "{dnsPolicy: ClusterFirst, containers: [{name: web, image: a, imagePullPolicy: Always}]}}}}"},
		"a variable twice": {deployment + "{containers: [{name: web, env: [{name: A, value: '2'}]}]}}}}",
			deployment + "{containers: [{name: web, env: [{name: A, value: '1'}, {name: A, value: '2'}]}]}}}}",
			deployment + "{containers: [{name: web, env: [{name: A, value: '2'}]}]}}}}"},
		"a variable's source": {deployment + "{containers: [{name: web, env: [{name: A, value: x}]}]}}}}",
			deployment + "{containers: [{name: web, env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}]}}}}",
			deployment + "{containers: [{name: web, env: [{name: A, value: x}]}]}}}}"},
		"an empty variable's source": {deployment + "{containers: [{name: web, env: [{name: A, value: ''}]}]}}}}",
			deployment + "{containers: [{name: web, env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}]}}}}",
			deployment + "{containers: [{name: web, env: [{name: A, value: ''}]}]}}}}"},
		"another kind of probe": {deployment + "{containers: [{name: web, readinessProbe: {exec: {command: [a]}}}]}}}}",
			deployment + "{containers: [{name: web, readinessProbe: {periodSeconds: 3, httpGet: {port: 80}}}]}}}}",
			deployment + "{containers: [{name: web, readinessProbe: {periodSeconds: 3, exec: {command: [a]}}}]}}}}"},
		"a custom resource": {custom + "{size: 1, of: [{a: 1}]}}", custom + "{size: 2, state: up, of: [{a: 2, b: 3}, {c: 4}]}}",
			custom + "{size: 1, state: up, of: [{a: 1, b: 3}]}}"},
	} {
		t.Run(name, func(t *testing.T) {
			manifest, live, want := one(t, c.manifest), one(t, c.live), one(t, c.want)
			before := live.DeepCopy()
			got := Overlay(nil, manifest, live, Options{})
			if !reflect.DeepEqual(got.Object, want.Object) {
				t.Errorf("got  %v\nwant %v", got.Object, want.Object)
			}
			if left := Compare(manifest, got, Options{}).Differences; len(left) > 0 {
				t.Errorf("it still differs in %+v", left)
			}
			if !reflect.DeepEqual(live, before) {
				t.Error("the live object was changed")
			}
		})
	}
}

// Of what is a list of many, the release's own items go alone.
func TestOverlayLeavesItemsOfOthers(t *testing.T) {
	const account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a"
	got := Overlay(one(t, account+", finalizers: [x/y]}, imagePullSecrets: [{name: p}], secrets: [{name: s}]}"), one(t, account+"}}"),
		one(t, account+", finalizers: [x/y, o/f]}, imagePullSecrets: [{name: dockercfg}, {name: p}], secrets: [{name: s}]}"), Options{})
	if want := one(t, account+", finalizers: [o/f]}, imagePullSecrets: [{name: dockercfg}]}"); !reflect.DeepEqual(got.Object, want.Object) {
		t.Errorf("got  %v\nwant %v", got.Object, want.Object)
	}
}

// A key that the manifest set before and sets no more goes, and one that it never set
// stays.
func TestOverlayDropsWhatWasSetBefore(t *testing.T) {
	const configMap = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, "
	got := Overlay(one(t, configMap+"labels: {a: b, c: d}}, data: {x: '1', y: '2'}}"), one(t, configMap+"labels: {a: b}}, data: {y: '3'}}"),
		one(t, configMap+"labels: {a: b, c: d, e: f}}, data: {x: '1', y: '2', z: '0'}}"), Options{})
	if want := one(t, configMap+"labels: {a: b, e: f}}, data: {y: '3', z: '0'}}"); !reflect.DeepEqual(got.Object, want.Object) {
		t.Errorf("got  %v\nwant %v", got.Object, want.Object)
	}
}
