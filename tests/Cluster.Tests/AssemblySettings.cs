// Clusters share the machine's processors: one at a time, or their deadlines mean nothing.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
