package main

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// What runners' pods hold of a quota, at each version of each pod: a watch tells all changes in their order.
type podAccount struct {
	hard, now, most map[corev1.ResourceName]int64 // thousandths
	charges         map[string]map[corev1.ResourceName]int64
	since           map[string]time.Time // of pods that hold
	ends            []time.Time
	held            time.Duration // of pods that have ended
	steps           []step
}

type step struct {
	when time.Time
	pods int
}

func newPodAccount(hard corev1.ResourceList) *podAccount {
	p := &podAccount{hard: map[corev1.ResourceName]int64{}, now: map[corev1.ResourceName]int64{}, most: map[corev1.ResourceName]int64{},
		charges: map[string]map[corev1.ResourceName]int64{}, since: map[string]time.Time{}}
	for name, amount := range hard {
		p.hard[name] = amount.MilliValue()
	}
	return p
}

func chargeOf(pod *corev1.Pod) map[corev1.ResourceName]int64 {
	charge := map[corev1.ResourceName]int64{corev1.ResourcePods: 1000}
	for i := range pod.Spec.Containers {
		of := pod.Spec.Containers[i].Resources
		charge[corev1.ResourceRequestsCPU] += of.Requests.Cpu().MilliValue()
		charge[corev1.ResourceRequestsMemory] += of.Requests.Memory().MilliValue()
		charge[corev1.ResourceLimitsCPU] += of.Limits.Cpu().MilliValue()
		charge[corev1.ResourceLimitsMemory] += of.Limits.Memory().MilliValue()
	}
	return charge
}

// What is beyond the quota now.
func (p *podAccount) take(pod *corev1.Pod, deleted bool) []string {
	uid := string(pod.UID)
	over := deleted || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	since, holds := p.since[uid]
	if _, known := p.charges[uid]; known && (holds != over) {
		return nil // as it was
	}
	p.charges[uid] = chargeOf(pod)
	sign := int64(1)
	if over {
		if !holds {
			return nil
		}
		sign = -1
		delete(p.since, uid)
		p.ends = append(p.ends, time.Now())
		p.held += time.Since(since)
	} else {
		p.since[uid] = time.Now()
	}
	var beyond []string
	for name, amount := range p.charges[uid] {
		p.now[name] += sign * amount
		p.most[name] = max(p.most[name], p.now[name])
		if hard, limited := p.hard[name]; limited && p.now[name] > hard {
			beyond = append(beyond, fmt.Sprintf("pods' %s: %d of %d thousandths", name, p.now[name], hard))
		}
	}
	p.steps = append(p.steps, step{time.Now(), len(p.since)})
	return beyond
}

// So many pods of the size seen last fit at a time.
func (p *podAccount) fit() int {
	for _, charge := range p.charges {
		fit := int64(1 << 30)
		for name, amount := range charge {
			if hard, limited := p.hard[name]; limited && amount > 0 {
				fit = min(fit, hard/amount)
			}
		}
		return int(fit)
	}
	return 0
}

func (p *podAccount) mostText() map[string]string {
	text := map[string]string{}
	for name, most := range p.most {
		if hard, limited := p.hard[name]; limited {
			text[string(name)] = fmt.Sprintf("%d%%", 100*most/hard)
		}
	}
	return text
}

// Seconds from a pod's creation to its end, as the quota counts it.
func (p *podAccount) meanHeld() float64 {
	if len(p.ends) == 0 {
		return 0
	}
	return p.held.Seconds() / float64(len(p.ends))
}

// The mean number of pods that hold a place.
func (p *podAccount) busy(from, to time.Time) float64 {
	var sum float64
	for i, s := range p.steps {
		end := to
		if i+1 < len(p.steps) {
			end = p.steps[i+1].when
		}
		begin := s.when
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		if end.After(begin) {
			sum += end.Sub(begin).Seconds() * float64(s.pods)
		}
	}
	if span := to.Sub(from).Seconds(); span > 0 {
		return sum / span
	}
	return 0
}
