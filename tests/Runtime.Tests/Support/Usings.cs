global using Microsoft.Extensions.Hosting;
global using Orleans.Concurrency;
global using Orleans.Hosting;
global using Orleans.Runtime;
global using Orleans;
