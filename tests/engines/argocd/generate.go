package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
)

// request is what a test asks of a repo-server: one path of a repository, by a plugin or by Kustomize.
type request struct {
	Address      string                            `json:"address"`
	Repository   string                            `json:"repository"`
	Revision     string                            `json:"revision"`
	Path         string                            `json:"path"`
	Plugin       *v1alpha1.ApplicationSourcePlugin `json:"plugin"`
	BuildOptions string                            `json:"buildOptions"`
	Application  string                            `json:"application"`
	Seconds      int                               `json:"seconds"`
}

// generateCommand calls GenerateManifest as the application controller does, and prints the answer as JSON.
func generateCommand() *cobra.Command {
	return &cobra.Command{
		Use:           "generate",
		Short:         "Read a request as JSON from standard input; print what the repo-server makes of it",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			var asked request
			if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
				fmt.Fprintln(os.Stderr, "generate:", err)
				return err
			}
			connection, err := apiclient.NewConnection(asked.Address, asked.Seconds, &apiclient.TLSConfiguration{DisableTLS: true})
			if err != nil {
				fmt.Fprintln(os.Stderr, "generate:", err)
				return err
			}
			defer connection.Close()
			answer, err := apiclient.NewRepoServerServiceClient(connection).GenerateManifest(command.Context(), manifestRequest(asked))
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(answer)
		},
	}
}

func manifestRequest(asked request) *apiclient.ManifestRequest {
	return &apiclient.ManifestRequest{
		Repo:            &v1alpha1.Repository{Repo: asked.Repository},
		Revision:        asked.Revision,
		NoCache:         true,
		NoRevisionCache: true,
		AppName:         asked.Application,
		Namespace:       asked.Application,
		ApplicationSource: &v1alpha1.ApplicationSource{
			RepoURL: asked.Repository, Path: asked.Path, TargetRevision: asked.Revision, Plugin: asked.Plugin,
		},
		KustomizeOptions:   &v1alpha1.KustomizeOptions{BuildOptions: asked.BuildOptions},
		HelmOptions:        &v1alpha1.HelmOptions{},
		TrackingMethod:     string(v1alpha1.TrackingMethodAnnotation),
		ProjectName:        "default",
		ProjectSourceRepos: []string{"*"},
		KubeVersion:        "1.34.2",
	}
}
