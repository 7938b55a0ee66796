using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using GrainVault.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Api.Tests.Shedding;

public sealed class PressureTests
{
    private static readonly FrontEndLimits Limits = new() { ThreadDelayMax = TimeSpan.FromSeconds(1), MemoryShareMax = 0.8 };

    [Theory]
    [InlineData(0.0, 0.10, "None")]
    [InlineData(0.9, 0.79, "None")]
    [InlineData(1.0, 0.10, "Elevated")]
    [InlineData(0.0, 0.80, "Elevated")]
    [InlineData(2.0, 0.10, "High")]
    [InlineData(0.0, 0.91, "High")]
    [InlineData(5.0, 0.10, "Critical")]
    [InlineData(0.0, 0.99, "Critical")]
    [InlineData(2.0, 0.99, "Critical")]
    public void Worse_of_threads_and_memory_is_the_level(double delaySeconds, double memoryShare, string level) =>
        Assert.Equal(level, PressureLevels.Of(TimeSpan.FromSeconds(delaySeconds), memoryShare, Limits).ToString());

    [Fact]
    public void Uploads_go_first_and_reads_last()
    {
        string Refused(PressureLevel level) => string.Join(' ', Enum.GetValues<RequestWeight>().Where(weight => level.Refuses(weight)));
        Assert.Equal("", Refused(PressureLevel.None));
        Assert.Equal("Upload", Refused(PressureLevel.Elevated));
        Assert.Equal("Change Upload", Refused(PressureLevel.High));
        Assert.Equal("Read Change Upload", Refused(PressureLevel.Critical));
    }

    [Fact]
    public void Level_rises_at_once_and_falls_after_a_second_of_calm()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var pressure = new ProcessPressure(
            Limits, TimeProvider.System, services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), NullLogger<ProcessPressure>.Instance);
        pressure.Note(TimeSpan.FromSeconds(3), 0);
        Assert.Equal(PressureLevel.High, pressure.Level);
        for (var i = 0; i < 3; i++)
            pressure.Note(TimeSpan.Zero, 0);
        Assert.Equal(PressureLevel.High, pressure.Level);
        pressure.Note(TimeSpan.FromSeconds(3), 0);
        for (var i = 0; i < 4; i++)
            pressure.Note(TimeSpan.Zero, 0);
        Assert.Equal(PressureLevel.None, pressure.Level);
    }

    [Fact]
    public void Wait_for_a_thread_is_noticed_while_it_lasts_and_a_process_that_stood_still_starts_anew()
    {
        var time = new ManualTime();
        var queued = new List<IThreadPoolWorkItem>();
        var probe = new ThreadDelayProbe(time, queued.Add);
        Assert.Equal(TimeSpan.Zero, probe.Measure());
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(4), probe.Measure());
        queued[0].Execute();
        Assert.Equal(TimeSpan.FromSeconds(4), probe.Measure());

        time.Advance(TimeSpan.FromMinutes(1));
        probe.Restart();
        Assert.Equal(TimeSpan.Zero, probe.Measure());
        queued[1].Execute();
        Assert.Equal(TimeSpan.Zero, probe.Measure());
        Assert.Equal(3, queued.Count);
    }

    [Theory]
    [InlineData("/healthz/ready", 200)]
    [InlineData("/metrics", 200)]
    [InlineData("/v1/me", 503)]
    public async Task Critical_pressure_leaves_health_and_metrics_alone(string path, int status)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        using var pressure = new ProcessPressure(Limits, TimeProvider.System, meters, NullLogger<ProcessPressure>.Instance);
        pressure.Note(TimeSpan.FromMinutes(1), 0);
        var middleware = new LoadSheddingMiddleware(_ => Task.CompletedTask, new RequestAdmission(Limits), pressure, new GatewayInstruments(meters));
        var context = new DefaultHttpContext { Request = { Method = "GET", Path = path } };
        await middleware.InvokeAsync(context);
        Assert.Equal(status, context.Response.StatusCode);
    }
}
