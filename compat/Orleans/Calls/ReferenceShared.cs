using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.Calls;

/// <summary>What all references by one interface in one silo have in common.</summary>
internal sealed class ReferenceShared(SiloRuntime silo, Type interfaceType)
{
    private readonly Func<ReferenceShared, GrainId, GrainReference> _create = InterfaceProxy.For(interfaceType).Create;

    internal SiloRuntime Silo => silo;

    internal Type InterfaceType => interfaceType;

    internal GrainReference Create(GrainId grainId) => _create(this, grainId);
}

/// <summary>Makes references by interface and id.</summary>
internal sealed class ReferenceFactory(SiloRuntime silo)
{
    private readonly ConcurrentDictionary<Type, ReferenceShared> _shared = new();

    internal ReferenceShared SharedOf(Type interfaceType) =>
        _shared.TryGetValue(interfaceType, out var shared) ? shared : _shared.GetOrAdd(interfaceType, new ReferenceShared(silo, interfaceType));

    internal GrainReference Create(Type interfaceType, GrainId grainId) => SharedOf(interfaceType).Create(grainId);
}
