using System.Reflection;
using Orleans.Runtime;

namespace Orleans;

/// <summary>A grain call as a filter sees it.</summary>
public interface IGrainCallContext
{
    /// <summary>The grain object.</summary>
    object Grain { get; }

    /// <summary>The method of the grain interface.</summary>
    MethodInfo InterfaceMethod { get; }

    /// <summary>The full name of the grain interface.</summary>
    string InterfaceName { get; }

    /// <summary>The name of the method.</summary>
    string MethodName { get; }

    /// <summary>The grain that is called.</summary>
    GrainId TargetId { get; }

    /// <summary>The grain that calls; null when the call comes from outside of grains.</summary>
    GrainId? SourceId { get; }

    /// <summary>The result, after <see cref="Invoke"/>; a filter may replace it.</summary>
    object? Result { get; set; }

    /// <summary>Goes on with the next filter, or with the grain's method.</summary>
    /// <returns>A task that ends when the method has; it carries the method's exception.</returns>
    Task Invoke();
}

/// <summary>A call on its way into a grain.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext
{
    /// <summary>The activation that is called.</summary>
    IGrainContext TargetContext { get; }

    /// <summary>The method of the grain class.</summary>
    MethodInfo ImplementationMethod { get; }
}

/// <summary>Wraps every call into a grain; a grain class may have the interface itself.</summary>
public interface IIncomingGrainCallFilter
{
    /// <summary>Runs around a call, as part of the grain's turn.</summary>
    /// <param name="context">The call.</param>
    /// <returns>A task that ends when the filter has.</returns>
    Task Invoke(IIncomingGrainCallContext context);
}

/// <summary>A filter as a delegate.</summary>
/// <param name="context">The call.</param>
/// <returns>A task that ends when the filter has.</returns>
public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);
