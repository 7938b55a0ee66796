namespace Orleans.Runtime;

/// <summary>Tells the grain interfaces of an application from those of the runtime.</summary>
internal static class GrainInterfaces
{
    internal static bool IsGrainInterface(Type type) => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type);

    internal static bool IsApplicationInterface(Type type) =>
        IsGrainInterface(type) && (type == typeof(IRemindable) || type.Assembly != typeof(IGrain).Assembly);

    internal static bool IsGrainClass(Type type) =>
        type is { IsClass: true, IsAbstract: false } && !type.ContainsGenericParameters
        && typeof(IAddressable).IsAssignableFrom(type)
        && typeof(IGrainBase).IsAssignableFrom(type);
}
