package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// build prints what kustomize-controller would apply for the Kustomization in the file args[0],
// if args[1] were the content of its source: the same three calls, in the same order.
func build(_ context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("build: want KUSTOMIZATION FOLDER")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var object map[string]any
	if err := yaml.Unmarshal(text, &object); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	kustomization := unstructured.Unstructured{Object: object}
	path, _, err := unstructured.NestedString(object, "spec", "path")
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	folder, err := securejoin.SecureJoin(args[1], path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(folder); err != nil {
		return fmt.Errorf("kustomization path not found: %w", err)
	}
	if _, err := kustomize.NewGenerator(args[1], kustomization).WriteFile(folder); err != nil {
		return err
	}
	built, err := kustomize.SecureBuild(args[1], folder, true)
	if err != nil {
		return fmt.Errorf("kustomize build failed: %w", err)
	}
	resources, err := built.AsYaml()
	if err != nil {
		return fmt.Errorf("kustomize build failed: %w", err)
	}
	_, err = os.Stdout.Write(resources)
	return err
}
