package main

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	fake "k8s.io/client-go/tools/cache/testing"
)

type object interface {
	runtime.Object
	metav1.Object
}

// source is what one kind's list and watch at the API server give, and the informer on it.
type source struct {
	api      *fake.FakeControllerSource
	informer cache.SharedIndexInformer
	held     map[string]object
	puts     int
}

func newSource(kind runtime.Object) *source {
	api := fake.NewFakeControllerSource()
	indexers := cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}
	return &source{api: api, informer: cache.NewSharedIndexInformer(api, kind, 0, indexers), held: map[string]object{}}
}

func key(o metav1.Object) string {
	if o.GetNamespace() == "" {
		return o.GetName()
	}
	return o.GetNamespace() + "/" + o.GetName()
}

// put makes an object known, in place of one of the same name. Its uid says whether the informer has seen it.
func (s *source) put(o object) {
	s.drop(key(o))
	s.puts++
	o.SetUID(types.UID(fmt.Sprint(s.puts)))
	s.held[key(o)] = o
	s.api.Add(o.DeepCopyObject())
}

func (s *source) drop(name string) {
	if o, known := s.held[name]; known {
		s.api.Delete(o.DeepCopyObject())
		delete(s.held, name)
	}
}

// replace makes exactly these objects known.
func (s *source) replace(objects []object) {
	keep := map[string]bool{}
	for _, o := range objects {
		keep[key(o)] = true
		s.put(o)
	}
	for name := range s.held {
		if !keep[name] {
			s.drop(name)
		}
	}
}

// await returns when the informer holds exactly what was put.
func (s *source) await(until time.Time) error {
	for !s.complete() {
		if time.Now().After(until) {
			return fmt.Errorf("the informer did not get all objects in time")
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (s *source) complete() bool {
	store := s.informer.GetIndexer()
	if len(store.ListKeys()) != len(s.held) {
		return false
	}
	for name, put := range s.held {
		seen, known, err := store.GetByKey(name)
		if err != nil || !known || seen.(object).GetUID() != put.GetUID() {
			return false
		}
	}
	return true
}
