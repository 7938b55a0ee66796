using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>What the runtime knows of one grain class.</summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _factory;
    private readonly (ParameterInfo Parameter, PersistentStateAttribute State)[] _states;

    internal GrainClass(Type type, GrainCollectionOptions collection)
    {
        Type = type;
        Name = NameOf(type);
        GrainType = GrainType.Create(Name);
        LocalWorkersMax = type.GetCustomAttribute<StatelessWorkerAttribute>()?.LocalWorkersMax ?? 0;
        Interfaces = [.. type.GetInterfaces().Where(GrainInterfaces.IsApplicationInterface)];
        MainInterface = Interfaces.Length > 0 ? Interfaces[0] : typeof(IGrain);
        var age = collection.ClassSpecificCollectionAge.TryGetValue(type.FullName!, out var configured)
            ? configured
            : type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit ?? collection.CollectionAge;
        CollectionAgeMs = (long)age.TotalMilliseconds;
        _states = [.. StateParameters(type)];
        _factory = ActivatorUtilities.CreateFactory(type, Array.ConvertAll(_states, state => state.Parameter.ParameterType));
    }

    internal Type Type { get; }

    /// <summary>The class in grain ids.</summary>
    internal string Name { get; }

    internal GrainType GrainType { get; }

    internal Type[] Interfaces { get; }

    internal Type MainInterface { get; }

    /// <summary>The most activations per grain in this silo; 0 for grains that have one in the cluster.</summary>
    internal int LocalWorkersMax { get; }

    internal long CollectionAgeMs { get; }

    internal static string NameOf(Type type)
    {
        if (type.GetCustomAttribute<GrainTypeAttribute>() is { } named)
            return named.GrainType;
        var name = type.Name.ToLowerInvariant();
        return name.Length > "grain".Length && name.EndsWith("grain", StringComparison.Ordinal) ? name[..^"grain".Length] : name;
    }

    internal object CreateInstance(Activation activation, IServiceProvider services) =>
        _factory(services, Array.ConvertAll(_states, state => PersistentStateFactory.Create(activation, services, state.Parameter, state.State)));

    internal static IEnumerable<(ParameterInfo Parameter, PersistentStateAttribute State)> StateParameters(Type type)
    {
        var constructors = type.GetConstructors();
        foreach (var parameter in constructors.Length == 1 ? constructors[0].GetParameters() : [])
        {
            if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } state)
                yield return (parameter, state);
        }
    }
}
