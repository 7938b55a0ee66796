using Orleans.Runtime;

namespace Orleans;

/// <summary>Questions to a grain or to a reference.</summary>
public static class GrainExtensions
{
    /// <summary>Makes a reference to a grain, or turns one into a reference by another interface.</summary>
    /// <typeparam name="TGrainInterface">The interface.</typeparam>
    /// <param name="grain">The grain or reference.</param>
    /// <returns>The reference.</returns>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) =>
        (TGrainInterface)(object)ReferenceOf(grain).As(typeof(TGrainInterface));

    /// <summary>The grain's id.</summary>
    /// <param name="grain">The grain or reference.</param>
    /// <returns>The id.</returns>
    public static GrainId GetGrainId(this IAddressable grain) => ReferenceOf(grain).GrainId;

    /// <summary>The grain's key.</summary>
    /// <param name="grain">The grain or reference.</param>
    /// <returns>The key.</returns>
    public static string GetPrimaryKeyString(this IAddressable grain) => ReferenceOf(grain).GrainId.Key.ToString();

    private static GrainReference ReferenceOf(IAddressable grain) => grain switch
    {
        GrainReference reference => reference,
        IGrainBase instance => instance.GrainContext.GrainReference,
        null => throw new ArgumentNullException(nameof(grain)),
        _ => throw new ArgumentException($"{grain.GetType().FullName} is neither a grain nor a reference to one.", nameof(grain)),
    };
}
