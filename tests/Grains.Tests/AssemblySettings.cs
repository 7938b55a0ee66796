// Each class has a silo and a database of its own; two at once are enough for any machine.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
