"""
Findings about pods that could exist, in addition to those about the pods that are given.

A class of flows that opens or closes is left out where a change between given pods shows the
same: a given pod at each end belongs to the class, and the ports of the change hold those of
the class.  What is left is what no given pod shows.
"""
