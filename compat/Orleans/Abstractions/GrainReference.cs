using Orleans.Calls;

namespace Orleans.Runtime;

/// <summary>The address of a grain and an interface to call it by. Equal when the grain is.</summary>
public class GrainReference : IAddressable, IEquatable<GrainReference>
{
    private readonly ReferenceShared _shared;
    private readonly GrainId _grainId;

    internal GrainReference(ReferenceShared shared, GrainId grainId)
    {
        _shared = shared;
        _grainId = grainId;
    }

    /// <summary>The grain's id.</summary>
    public GrainId GrainId => _grainId;

    /// <summary>The interface by which this reference calls.</summary>
    public virtual string InterfaceName => _shared.InterfaceType.Name;

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && _grainId.Equals(other._grainId);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GrainReference other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _grainId.GetHashCode();

    /// <summary>A hash that is equal in every process; the grain's place on the ring.</summary>
    /// <returns>The hash.</returns>
    public uint GetUniformHashCode() => _grainId.GetUniformHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"GrainReference:{_grainId}";

    /// <summary>Whether two references name the same grain.</summary>
    public static bool operator ==(GrainReference? left, GrainReference? right) => left?.Equals(right) ?? right is null;

    /// <summary>Whether two references name different grains.</summary>
    public static bool operator !=(GrainReference? left, GrainReference? right) => !(left == right);

    internal Type InterfaceType => _shared.InterfaceType;

    internal GrainReference As(Type interfaceType) =>
        interfaceType.IsInstanceOfType(this) ? this : _shared.Silo.References.Create(interfaceType, _grainId);

    /// <summary>Called by the generated classes.</summary>
    internal Task<TResult> Send<TResult>(GrainCall<TResult> call)
    {
        call.Target = _grainId;
        return _shared.Silo.CallSender.Send(call);
    }
}
