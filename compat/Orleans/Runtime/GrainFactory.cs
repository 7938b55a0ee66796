using System.Collections.Concurrent;
using Orleans.Calls;

namespace Orleans.Runtime;

/// <summary>Makes references; also the client of the silo's own process.</summary>
internal sealed class GrainFactory(SiloRuntime silo) : IClusterClient
{
    private readonly ConcurrentDictionary<Type, (GrainType GrainType, ReferenceShared Shared)> _bindings = new();

    public IServiceProvider ServiceProvider => silo.Services;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        (TGrainInterface)(object)Get(typeof(TGrainInterface), primaryKey, grainClassNamePrefix);

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => (IGrain)Get(grainInterfaceType, grainPrimaryKey, null);

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable =>
        (TGrainInterface)(object)silo.References.Create(typeof(TGrainInterface), grainId);

    private GrainReference Get(Type interfaceType, string key, string? prefix)
    {
        if (!_bindings.TryGetValue(interfaceType, out var binding) || prefix is not null)
        {
            binding = (silo.Classes.Find(interfaceType, prefix).GrainType, silo.References.SharedOf(interfaceType));
            if (prefix is null)
                _bindings.TryAdd(interfaceType, binding);
        }
        return binding.Shared.Create(GrainId.Create(binding.GrainType, key));
    }
}
