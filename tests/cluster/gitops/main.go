// Command flux-health says how Flux sees an object: it reads {"checks": {current, failed, inProgress}, "object": {…}}
// and prints InProgress, Failed or Current, by the evaluator that Flux's controllers use.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

func main() {
	health, err := healthOf(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(health)
}

func healthOf(source io.Reader) (string, error) {
	text, err := io.ReadAll(source)
	if err != nil {
		return "", err
	}
	var asked struct {
		Checks kustomize.HealthCheckExpressions `json:"checks"`
		Object map[string]any                   `json:"object"`
	}
	// Kubernetes' own JSON: whole numbers stay whole.
	if err := json.Unmarshal(text, &asked); err != nil {
		return "", err
	}
	evaluator, err := cel.NewStatusEvaluator(&asked.Checks)
	if err != nil {
		return "", err
	}
	result, err := evaluator.Evaluate(context.Background(), &unstructured.Unstructured{Object: asked.Object})
	if err != nil {
		return "", err
	}
	return result.Status.String(), nil
}
