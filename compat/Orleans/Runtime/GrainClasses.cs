using System.Collections.Frozen;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>The grain classes of a silo, by grain type and by interface.</summary>
internal sealed class GrainClasses
{
    private readonly FrozenDictionary<GrainType, GrainClass> _byType;
    private readonly FrozenDictionary<Type, GrainClass[]> _byInterface;

    internal GrainClasses(IEnumerable<Type> types, GrainCollectionOptions collection)
    {
        GrainClass[] classes = [.. types.Select(type => new GrainClass(type, collection))];
        _byType = classes.ToFrozenDictionary(grainClass => grainClass.GrainType);
        _byInterface = classes
            .SelectMany(grainClass => grainClass.Interfaces, (grainClass, face) => (grainClass, face))
            .GroupBy(pair => pair.face, pair => pair.grainClass)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray());
    }

    internal GrainClass Find(GrainType grainType) => _byType.TryGetValue(grainType, out var found)
        ? found
        : throw new ArgumentException($"Could not find an implementation for grain type {grainType}.");

    /// <summary>Whether grains of a type run wherever they are called. A type that only other silos know does not.</summary>
    internal bool IsStatelessWorker(GrainType grainType) => _byType.TryGetValue(grainType, out var found) && found.LocalWorkersMax > 0;

    /// <summary>Finds the one class of an interface.</summary>
    /// <param name="interfaceType">The interface.</param>
    /// <param name="classNamePrefix">The start of the class's full name, where several classes have the interface.</param>
    internal GrainClass Find(Type interfaceType, string? classNamePrefix)
    {
        if (!_byInterface.TryGetValue(interfaceType, out var candidates))
            throw new ArgumentException($"Could not find an implementation for interface {interfaceType.FullName}.");
        if (!string.IsNullOrEmpty(classNamePrefix))
            candidates = Array.FindAll(candidates, candidate => candidate.Type.FullName!.StartsWith(classNamePrefix, StringComparison.Ordinal));
        return candidates.Length == 1
            ? candidates[0]
            : throw new ArgumentException(
                $"Unable to identify a single appropriate grain type for interface {interfaceType.FullName}. Candidates: "
                + string.Join(", ", candidates.Select(candidate => candidate.Type.FullName)) + ".");
    }
}
